/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_H
#define _LINUX_MM_H

#include <linux/mm_types.h>
#include <linux/mmap_lock.h>
#include <linux/pgtable.h>
#include <linux/sched.h>

/* A bit is declared by number, or as another name of one that is. */
#define DECLARE_VMA_BIT(name, bitnum) \
	VMA_##name##_BIT = (bitnum)
#define DECLARE_VMA_BIT_ALIAS(name, aliased) \
	VMA_##name##_BIT = VMA_##aliased##_BIT

/* By name; those above 31 come last. */
enum {
	DECLARE_VMA_BIT(ACCOUNT, 20),
	DECLARE_VMA_BIT(ARCH_1, 24),
	DECLARE_VMA_BIT(DONTCOPY, 17),
	DECLARE_VMA_BIT(DONTEXPAND, 18),
	DECLARE_VMA_BIT(EXEC, 2),
	DECLARE_VMA_BIT(GROWSDOWN, 8),
	DECLARE_VMA_BIT(HUGETLB, 22),
	DECLARE_VMA_BIT(IO, 14),
	DECLARE_VMA_BIT(LOCKED, 13),
	DECLARE_VMA_BIT(LOCKONFAULT, 19),
	DECLARE_VMA_BIT(MAYWRITE, 5),
	DECLARE_VMA_BIT(MIXEDMAP, 28),
	DECLARE_VMA_BIT(PFNMAP, 10),
	DECLARE_VMA_BIT(RAND_READ, 16),
	DECLARE_VMA_BIT(READ, 0),
	DECLARE_VMA_BIT(SEQ_READ, 15),
	DECLARE_VMA_BIT(SHARED, 3),
	DECLARE_VMA_BIT(SOFTDIRTY, 27),
	DECLARE_VMA_BIT(WRITE, 1),
#ifdef CONFIG_64BIT
	DECLARE_VMA_BIT(DROPPABLE, 40),
#else
	DECLARE_VMA_BIT_ALIAS(DROPPABLE, ARCH_1),
#endif
	DECLARE_VMA_BIT(HIGH_ARCH_4, 36),
	DECLARE_VMA_BIT_ALIAS(MTE, HIGH_ARCH_4),
	DECLARE_VMA_BIT(SEALED, 42),
	DECLARE_VMA_BIT_ALIAS(STACK, GROWSDOWN),
};

#define INIT_VM_FLAG(name)	BIT(VMA_##name##_BIT)

#define VM_NONE		0x00000000
#define VM_ACCOUNT	INIT_VM_FLAG(ACCOUNT)
#define VM_DONTCOPY	INIT_VM_FLAG(DONTCOPY)
#define VM_DONTEXPAND	INIT_VM_FLAG(DONTEXPAND)
#define VM_EXEC		INIT_VM_FLAG(EXEC)
#define VM_GROWSDOWN	INIT_VM_FLAG(GROWSDOWN)
#define VM_HUGETLB	INIT_VM_FLAG(HUGETLB)
#define VM_IO		INIT_VM_FLAG(IO)
#define VM_LOCKED	INIT_VM_FLAG(LOCKED)
#define VM_LOCKONFAULT	INIT_VM_FLAG(LOCKONFAULT)
#define VM_MAYWRITE	INIT_VM_FLAG(MAYWRITE)
#define VM_MIXEDMAP	INIT_VM_FLAG(MIXEDMAP)
#define VM_PFNMAP	INIT_VM_FLAG(PFNMAP)
#define VM_RAND_READ	INIT_VM_FLAG(RAND_READ)
#define VM_READ		INIT_VM_FLAG(READ)
#define VM_SEALED	INIT_VM_FLAG(SEALED)
#define VM_SEQ_READ	INIT_VM_FLAG(SEQ_READ)
#define VM_SHADOW_STACK	VM_NONE
#define VM_SHARED	INIT_VM_FLAG(SHARED)
#define VM_SOFTDIRTY	INIT_VM_FLAG(SOFTDIRTY)
#define VM_WRITE	INIT_VM_FLAG(WRITE)

#ifdef CONFIG_64BIT
#define VM_DROPPABLE	INIT_VM_FLAG(DROPPABLE)
#else
#define VM_DROPPABLE	VM_NONE
#endif

#ifdef CONFIG_STACK_GROWSUP
#define VM_STACK_EARLY	VM_GROWSDOWN
#else
#define VM_STACK_EARLY	0
#endif

/* Of a stack that execve() has not moved to its place yet. */
#define VM_STACK_INCOMPLETE_SETUP (VM_RAND_READ | VM_SEQ_READ | VM_STACK_EARLY)

#define VM_SPECIAL	(VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP)
#define VM_LOCKED_MASK	(VM_LOCKED | VM_LOCKONFAULT)
#define VMA_LOCKED_MASK	legacy_to_vma_flags(VM_LOCKED_MASK)

#define MCL_CURRENT	1
#define MCL_FUTURE	2
#define MCL_ONFAULT	4
#define MREMAP_MAYMOVE	1
#define MREMAP_DONTUNMAP	4
#define MADV_UNMERGEABLE	13
#define FOLL_WRITE	1
#define FOLL_LONGTERM	0x100

static inline void vm_flags_init(struct vm_area_struct *vma,
				 vm_flags_t flags)
{
	vma->flags = legacy_to_vma_flags(flags);
}

static inline void vm_flags_set(struct vm_area_struct *vma,
				vm_flags_t flags)
{
	vm_flags_init(vma, vma->vm_flags | flags);
}

static inline void vm_flags_clear(struct vm_area_struct *vma,
				  vm_flags_t flags)
{
	vm_flags_init(vma, vma->vm_flags & ~flags);
}

static inline bool vma_flags_test(const vma_flags_t *flags, vma_flag_t bit)
{
	return flags->word & BIT(bit);
}

#define vma_flags_test_any(flags, bit, other) \
	(vma_flags_test(flags, bit) || vma_flags_test(flags, other))

static inline bool vma_test(const struct vm_area_struct *vma, vma_flag_t bit)
{
	return vma_flags_test(&vma->flags, bit);
}

static inline void vma_clear_flags_mask(struct vm_area_struct *vma,
					vma_flags_t flags)
{
	vma->flags.word &= ~flags.word;
}

static inline unsigned long vma_pages(const struct vm_area_struct *vma)
{
	return PFN_DOWN(vma->vm_end - vma->vm_start);
}

static inline bool is_vm_hugetlb_page(const struct vm_area_struct *vma)
{
	return vma_test(vma, VMA_HUGETLB_BIT);
}

struct vm_area_struct *vma_next(struct vma_iterator *vmi);
struct vm_area_struct *vma_prev(struct vma_iterator *vmi);
void vma_iter_init(struct vma_iterator *vmi, struct mm_struct *mm, unsigned long addr);

#define for_each_vma(vmi, vma) \
	for ((vma) = vma_next(&(vmi)); (vma); (vma) = vma_next(&(vmi)))

struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr);
int expand_stack_locked(struct vm_area_struct *vma, unsigned long address);
struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr);
struct vm_area_struct *get_gate_vma(struct mm_struct *mm);
struct vm_area_struct *vm_area_alloc(struct mm_struct *mm);
struct vm_area_struct *vm_area_dup(struct vm_area_struct *orig);
void vm_area_free(struct vm_area_struct *vma);
bool vma_is_dax(const struct vm_area_struct *vma);

int ksm_madvise(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		int advice, unsigned long *vm_flags);
bool may_expand_vm(struct mm_struct *mm, vm_flags_t flags, unsigned long npages);
void vm_stat_account(struct mm_struct *mm, vm_flags_t flags, long npages);
void vm_unacct_memory(long pages);
int security_vm_enough_memory_mm(struct mm_struct *mm, long pages);
long mm_pgtables_bytes(const struct mm_struct *mm);
unsigned long mmap_region(struct file *file, unsigned long addr,
			  unsigned long len, vm_flags_t vm_flags, unsigned long pgoff,
			  struct list_head *uf);
int do_munmap(struct mm_struct *mm, unsigned long start, size_t len,
	      struct list_head *uf);
int __mm_populate(unsigned long addr, unsigned long len, int ignore_errors);
void mm_populate(unsigned long addr, unsigned long len);

struct folio *page_folio(struct page *page);
bool folio_maybe_dma_pinned(struct folio *folio);

static inline bool folio_needs_cow_for_dma(struct vm_area_struct *vma,
					  struct folio *folio)
{
	VM_BUG_ON(!(raw_read_seqcount(&vma->vm_mm->write_protect_seq) & 1));

	return folio_maybe_dma_pinned(folio);
}

bool is_zero_folio(const struct folio *folio);

#ifdef CONFIG_MIGRATION
static inline bool folio_is_longterm_pinnable(struct folio *folio)
{
	int mt = folio_migratetype(folio);

	if (mt == MIGRATE_CMA || mt == MIGRATE_ISOLATE)
		return false;
	if (is_zero_folio(folio))
		return true;
	return !folio_is_zone_movable(folio);
}
#else
static inline bool folio_is_longterm_pinnable(struct folio *folio)
{
	return true;
}
#endif

long pin_user_pages(unsigned long start, unsigned long nr_pages,
		    unsigned int gup_flags, struct page **pages);
int pin_user_pages_fast(unsigned long start, int nr_pages,
			unsigned int gup_flags, struct page **pages);
void unpin_user_pages(struct page **pages, unsigned long npages);

#ifdef CONFIG_MMU
bool can_do_mlock(void);
#else
static inline bool can_do_mlock(void)
{
	return false;
}
#endif
int user_shm_lock(size_t size, struct ucounts *ucounts);

int account_locked_vm(struct mm_struct *mm, unsigned long pages, bool inc);
int __account_locked_vm(struct mm_struct *mm, unsigned long pages, bool inc,
			const struct task_struct *task, bool bypass_rlim);

#endif /* _LINUX_MM_H */

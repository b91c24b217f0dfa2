/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_H
#define _LINUX_MM_H

#include <linux/mm_types.h>
#include <linux/mmap_lock.h>
#include <linux/pgtable.h>
#include <linux/sched.h>

/* By name. */
#define VM_ACCOUNT	0x00100000
#define VM_ARCH_1	0x01000000
#define VM_DONTCOPY	0x00020000
#define VM_DONTEXPAND	0x00040000
#define VM_EXEC		0x00000004
#define VM_GROWSDOWN	0x00000100
#define VM_HUGETLB	0x00400000
#define VM_IO		0x00004000
#define VM_LOCKED	0x00002000
#define VM_LOCKONFAULT	0x00080000
#define VM_MAYWRITE	0x00000020
#define VM_MIXEDMAP	0x10000000
#define VM_NONE		0x00000000
#define VM_PFNMAP	0x00000400
#define VM_RAND_READ	0x00010000
#define VM_READ		0x00000001
#define VM_SEQ_READ	0x00008000
#define VM_SHARED	0x00000008
#define VM_SOFTDIRTY	0x08000000
#define VM_WRITE	0x00000002

/* Taken bits above 32 are found by name, by number, and through an alias. */
#define VM_HIGH_ARCH_BIT_4	36
#define VM_HIGH_ARCH_4	BIT(VM_HIGH_ARCH_BIT_4)
#define VM_MTE		VM_HIGH_ARCH_4

#define VM_SHADOW_STACK	VM_NONE

#ifdef CONFIG_64BIT
#define VM_DROPPABLE_BIT	40
#define VM_DROPPABLE	BIT(VM_DROPPABLE_BIT)
#define VM_SEALED	BIT(63)
#else
#define VM_DROPPABLE	VM_NONE
#define VM_SEALED	VM_NONE
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
	vma->__vm_flags = flags;
}

static inline void vma_start_write(struct vm_area_struct *vma)
{
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

static inline unsigned long vma_pages(const struct vm_area_struct *vma)
{
	return PFN_DOWN(vma->vm_end - vma->vm_start);
}

static inline bool is_vm_hugetlb_page(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & VM_HUGETLB) != 0;
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

struct vm_area_struct *find_vma_prev(struct mm_struct *mm, unsigned long addr,
				     struct vm_area_struct **pprev);
void unlink_anon_vmas(struct vm_area_struct *vma);
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
unsigned long do_mmap(struct file *file, unsigned long addr,
			unsigned long len, unsigned long prot,
			unsigned long flags, vm_flags_t vm_flags,
			unsigned long pgoff, unsigned long *populate,
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
			struct task_struct *task, bool bypass_rlim);

#endif /* _LINUX_MM_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_H
#define _LINUX_MM_H

#include <linux/mm_types.h>
#include <linux/mmap_lock.h>
#include <linux/mmzone.h>
#include <linux/pgtable.h>
#include <linux/sched.h>

#ifdef __KERNEL__

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

/* Taken bits above 32 are found through a number with a name, and an alias. */
#ifdef CONFIG_ARCH_USES_HIGH_VMA_FLAGS
#define VM_HIGH_ARCH_BIT_4	36
#define VM_HIGH_ARCH_4	BIT(VM_HIGH_ARCH_BIT_4)
#define VM_MTE		VM_HIGH_ARCH_4
#endif

/* Of a stack that execve() has not moved to its place yet. */
#define VM_STACK_INCOMPLETE_SETUP (VM_RAND_READ | VM_SEQ_READ)

#define VM_SPECIAL	(VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP)
#define VM_LOCKED_CLEAR_MASK	(~(VM_LOCKED | VM_LOCKONFAULT))

#define MCL_CURRENT	1
#define MCL_FUTURE	2
#define MCL_ONFAULT	4
#define MREMAP_MAYMOVE	1
#define MREMAP_DONTUNMAP	4
#define MADV_UNMERGEABLE	13
#define FOLL_WRITE	1
#define FOLL_POPULATE	0x40
#define FOLL_LONGTERM	0x100
#define FOLL_FORCE	0x10
#define FOLL_GET	0x04
#define FOLL_PIN	0x40000

#define vma_policy(vma)	((vma)->vm_policy)

static inline unsigned long vma_pages(const struct vm_area_struct *vma)
{
	return PFN_DOWN(vma->vm_end - vma->vm_start);
}

static inline bool is_vm_hugetlb_page(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & VM_HUGETLB) != 0;
}

static inline enum zone_type page_zonenum(const struct page *page)
{
	return page->flags & 1 ? ZONE_MOVABLE : ZONE_NORMAL;
}

static inline void set_page_zone(struct page *page, enum zone_type zone)
{
	page->flags = (page->flags & ~1UL) | zone;
}

struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr);
struct vm_area_struct *get_gate_vma(struct mm_struct *mm);
struct vm_area_struct *vm_area_alloc(struct mm_struct *mm);
struct vm_area_struct *vm_area_dup(struct vm_area_struct *orig);
void vm_area_free(struct vm_area_struct *vma);
bool vma_is_anonymous(const struct vm_area_struct *vma);
bool vma_is_dax(const struct vm_area_struct *vma);

extern struct vm_area_struct *vma_merge(struct mm_struct *,
	struct vm_area_struct *prev, unsigned long addr, unsigned long end,
	unsigned long vm_flags, struct anon_vma *, struct file *, pgoff_t,
	struct mempolicy *, struct vm_userfaultfd_ctx);
extern struct vm_area_struct *copy_vma(struct vm_area_struct **,
	unsigned long addr, unsigned long len, pgoff_t pgoff,
	bool *need_rmap_locks);
int split_vma(struct mm_struct *mm, struct vm_area_struct *vma,
	      unsigned long addr, int new_below);
int __split_vma(struct mm_struct *mm, struct vm_area_struct *vma,
		unsigned long addr, int new_below);
int insert_vm_struct(struct mm_struct *mm, struct vm_area_struct *vma);
bool map_vdso(struct mm_struct *mm, unsigned long addr, unsigned long len,
	      const struct vm_operations_struct *ops);
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

long pin_user_pages(unsigned long start, unsigned long nr_pages,
		    unsigned int gup_flags, struct page **pages,
		    struct vm_area_struct **vmas);
int pin_user_pages_fast(unsigned long start, int nr_pages,
			unsigned int gup_flags, struct page **pages);
void unpin_user_pages(struct page **pages, unsigned long npages);
struct page *compound_head(struct page *page);

static inline bool page_maybe_dma_pinned(struct page *page)
{
	return compound_head(page)->flags & 2;
}

void put_page(struct page *page);

#ifdef CONFIG_MMU
bool can_do_mlock(void);
#else
static inline bool can_do_mlock(void)
{
	return false;
}
#endif
int user_shm_lock(size_t size, struct user_struct *user);

int account_locked_vm(struct mm_struct *mm, unsigned long pages, bool inc);
int __account_locked_vm(struct mm_struct *mm, unsigned long pages, bool inc,
			struct task_struct *task, bool bypass_rlim);

#endif /* __KERNEL__ */
#endif /* _LINUX_MM_H */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * No kernel file: what a careless search takes for accounting of locked or
 * pinned memory, in the idiom of its time.  mm->locked_vm += 1 in this comment
 * is one of them.
 */
#include <linux/mm.h>

struct lookalike_dma {
	unsigned long locked_vm;	/* its own count, not that of an mm */
	unsigned long pinned_vm;
};

struct lookalike_user {
	atomic_long_t locked_vm;	/* a user's pool */
};

#define LOOKALIKE_MLOCK_FIXUP "mlock_fixup(vma, prev, start, end)"

static void lookalike_charge(struct lookalike_dma *dma, struct lookalike_user *user, long pages)
{
	unsigned long locked_vm = dma->locked_vm;

	dma->locked_vm = locked_vm + pages;
	dma->pinned_vm += pages;
	atomic_long_add(pages, &user->locked_vm);
	pr_debug("mm->locked_vm += %ld;\n", pages);
}

#ifdef CONFIG_MMU
static unsigned long lookalike_walk(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	unsigned long locked = 0;

	VMA_ITERATOR(vmi, mm, 0);

	mmap_read_lock(mm);
	for_each_vma(vmi, vma) {
		if (vma_test(vma, VMA_LOCKED_BIT))
			locked += vma_pages(vma);
	}
	mmap_read_unlock(mm);
	return locked;
}
#else /* !CONFIG_MMU */
static unsigned long lookalike_walk(struct mm_struct *mm)
{
	return 0;
}
#endif

SYSCALL_DEFINE2(lookalike, unsigned long, start, size_t, len)
{
	struct lookalike_dma dma = { .locked_vm = len >> PAGE_SHIFT };
	struct lookalike_user user = { };

	lookalike_charge(&dma, &user, lookalike_walk(current->mm));
	return dma.locked_vm;
}

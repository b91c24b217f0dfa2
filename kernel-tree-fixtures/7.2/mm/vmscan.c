// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

struct mm_walk {
	struct vm_area_struct *vma;
};

static inline bool vma_has_recency(struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_SEQ_READ | VM_RAND_READ));
}

static int should_skip_vma(unsigned long start, unsigned long end, struct mm_walk *args)
{
	struct vm_area_struct *vma = args->vma;

	if (!vma_has_recency(vma))
		return true;
	if (vma->vm_flags & (VM_LOCKED | VM_SPECIAL))
		return true;
	return end <= start;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __MM_VMA_INTERNAL_H

#define VM_MIXEDMAP	0x10000000

struct mm_struct {
	int map_count;
	unsigned long total_vm;
	unsigned long locked_vm;
	unsigned long data_vm;
	unsigned long exec_vm;
};

static inline bool vma_is_anonymous(struct vm_area_struct *vma)
{
	return !vma->vm_ops;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __MM_VMA_INTERNAL_H

#define VM_MIXEDMAP	0x10000000

struct mm_struct {
	unsigned long locked_vm;
};

static inline bool vma_is_anonymous(struct vm_area_struct *vma)
{
}

#endif

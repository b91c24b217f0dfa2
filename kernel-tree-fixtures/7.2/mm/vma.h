/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __MM_VMA_H

struct vma_munmap_struct {
	unsigned long locked_vm;
};

#endif

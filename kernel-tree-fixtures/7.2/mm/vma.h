/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __MM_VMA_H

struct vma_munmap_struct {
	unsigned long nr_pages;
	unsigned long locked_vm;
	unsigned long nr_accounted;
	unsigned long exec_vm;
};

#endif

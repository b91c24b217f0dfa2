/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_TYPES_H

struct vm_area_struct {
	struct vm_area_struct *vm_next, *vm_prev;
} __randomize_layout;

struct mm_struct {
		atomic64_t    pinned_vm;
};

#endif

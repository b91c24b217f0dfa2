/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_TYPES_H

struct vm_area_struct {
	struct vm_area_struct *vm_next, *vm_prev;

	struct rb_node vm_rb;
} __randomize_layout;

struct mm_struct {
		unsigned long total_vm;
		unsigned long locked_vm;
		atomic64_t    pinned_vm;
		unsigned long data_vm;
		unsigned long exec_vm;
};

#endif

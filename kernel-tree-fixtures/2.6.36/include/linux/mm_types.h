/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_TYPES_H
#define _LINUX_MM_TYPES_H

#include <linux/rbtree.h>
#include <linux/rwsem.h>

struct vm_area_struct {
	struct mm_struct *vm_mm;
	unsigned long vm_start;
	unsigned long vm_end;
	struct vm_area_struct *vm_next, *vm_prev;
	unsigned long vm_flags;
	struct rb_node vm_rb;
};

struct mm_struct {
	struct vm_area_struct *mmap;
	struct rb_root mm_rb;
	struct vm_area_struct *mmap_cache;	/* last find_vma result */
	int map_count;
	struct rw_semaphore mmap_sem;
	spinlock_t page_table_lock;
	unsigned long total_vm, locked_vm, shared_vm, exec_vm;
	unsigned long stack_vm, reserved_vm, def_flags, nr_ptes;
};

#endif /* _LINUX_MM_TYPES_H */

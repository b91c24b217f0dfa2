/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_TYPES_H
#define _LINUX_MM_TYPES_H

#include <linux/rbtree.h>
#include <linux/rwsem.h>

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;

	/* linked list of VM areas per task, sorted by address */
	struct vm_area_struct *vm_next, *vm_prev;
	struct rb_node vm_rb;

	struct mm_struct *vm_mm;
	unsigned long vm_flags;
	struct anon_vma *anon_vma;
	unsigned long vm_pgoff;
	struct file *vm_file;
};

struct mm_struct {
	struct vm_area_struct *mmap;		/* list of VMAs */
	struct rb_root mm_rb;
	atomic_t mm_count;
	int map_count;

	spinlock_t page_table_lock;
	struct rw_semaphore mmap_sem;

	unsigned long hiwater_vm;

	unsigned long total_vm;		/* Total pages mapped */
	unsigned long locked_vm;	/* Pages that have PG_mlocked set */
	unsigned long pinned_vm;	/* Refcount permanently increased */
	unsigned long shared_vm;
	unsigned long def_flags;
};

#endif /* _LINUX_MM_TYPES_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_TYPES_H
#define _LINUX_MM_TYPES_H

#include <linux/kernel.h>

typedef unsigned long vm_flags_t;

struct anon_vma;
struct file;
struct inode;
struct mem_cgroup;
struct mempolicy;
struct vm_area_struct;

struct page {
	unsigned long flags;
	struct list_head lru;
	struct mem_cgroup *mem_cgroup;
};

struct vm_userfaultfd_ctx {
	void *ctx;
};

struct vm_operations_struct {
	void (*open)(struct vm_area_struct *vma);
	void (*close)(struct vm_area_struct *vma);
};

struct vm_area_struct {
	unsigned long vm_start, vm_end;
	struct vm_area_struct *vm_next, *vm_prev;
	struct mm_struct *vm_mm;
	vm_flags_t vm_flags;
	unsigned long vm_pgoff;
	struct anon_vma *anon_vma;
	struct file *vm_file;
	const struct vm_operations_struct *vm_ops;
	struct mempolicy *vm_policy;
	struct vm_userfaultfd_ctx vm_userfaultfd_ctx;
} __randomize_layout;

struct mm_struct {
	struct {
		struct vm_area_struct *mmap;
		atomic_t mm_count;
		int map_count;
		spinlock_t page_table_lock;
		struct rw_semaphore mmap_lock;
		struct list_head mmlist;
		atomic_t has_pinned;
		vm_flags_t def_flags;
		unsigned long hiwater_vm, total_vm, data_vm, stack_vm, exec_vm;
		unsigned long locked_vm;
		atomic64_t pinned_vm;
	} __randomize_layout;
	/* Of variable size, so that it comes last. */
	unsigned long cpu_bitmap[];
};

#endif /* _LINUX_MM_TYPES_H */

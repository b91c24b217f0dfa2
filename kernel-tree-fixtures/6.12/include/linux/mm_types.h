/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_TYPES_H
#define _LINUX_MM_TYPES_H

#include <linux/kernel.h>

typedef unsigned long vm_flags_t;

struct anon_vma;
struct file;
struct inode;
struct mempolicy;
struct page;
struct vm_area_struct;

/* Just so much of a maple tree as an iterator has to point to. */
struct maple_tree {
	void *root;
};

struct ma_state {
	struct maple_tree *tree;
	unsigned long index, last;
};

struct vma_iterator {
	struct ma_state mas;
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
	struct mm_struct *vm_mm;
	/* Read by the first name, written by the functions in mm.h only. */
	union {
		const vm_flags_t vm_flags;
		vm_flags_t __vm_flags;
	};
	unsigned long vm_pgoff;
	struct anon_vma *anon_vma;
	struct file *vm_file;
	const struct vm_operations_struct *vm_ops;
	struct vm_userfaultfd_ctx vm_userfaultfd_ctx;
} __randomize_layout;

struct mm_struct {
	struct {
		struct maple_tree mm_mt;
		atomic_t mm_count;
		int map_count;
		spinlock_t page_table_lock;
		struct rw_semaphore mmap_lock;
		struct list_head mmlist;
		seqcount_t write_protect_seq;
		vm_flags_t def_flags;
		unsigned long hiwater_vm, total_vm, data_vm, stack_vm, exec_vm;
		unsigned long locked_vm;
		atomic64_t pinned_vm;
	} __randomize_layout;
	/* Of variable size, so that it comes last. */
	unsigned long cpu_bitmap[];
};

#define VMA_ITERATOR(name, mm, addr) \
	struct vma_iterator name = { .mas = { .tree = &(mm)->mm_mt, .index = (addr) } }

/* How to get pages of user space; the others are in mm.h. */
enum {
	FOLL_HONOR_NUMA_FAULT = 1 << 12,
};

#endif /* _LINUX_MM_TYPES_H */

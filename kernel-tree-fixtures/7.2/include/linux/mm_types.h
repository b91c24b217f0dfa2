/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_TYPES_H
#define _LINUX_MM_TYPES_H

#include <linux/kernel.h>

typedef unsigned long vm_flags_t;
typedef int vma_flag_t;

/* A bitmap that may outgrow a word some day. */
typedef struct {
	vm_flags_t word;
} vma_flags_t;

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
	/* One storage: a word to read, a bitmap for the functions in mm.h. */
	union {
		const vm_flags_t vm_flags;
		vma_flags_t flags;
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
		union {
			vm_flags_t def_flags;
			vma_flags_t def_vma_flags;
		};
		unsigned long hiwater_vm, total_vm, data_vm, stack_vm, exec_vm;
		unsigned long locked_vm;
		atomic64_t pinned_vm;
	} __randomize_layout;
	/* Of variable size, so that it comes last. */
	unsigned long cpu_bitmap[];
};

static inline vm_flags_t vma_flags_to_legacy(vma_flags_t flags)
{
	return flags.word;
}

static inline vma_flags_t legacy_to_vma_flags(vm_flags_t flags)
{
	return (vma_flags_t){ .word = flags };
}

#define VMA_ITERATOR(name, mm, addr) \
	struct vma_iterator name = { .mas = { .tree = &(mm)->mm_mt, .index = (addr) } }

/* How to get pages of user space; the others are in mm.h. */
enum {
	FOLL_HONOR_NUMA_FAULT = 1 << 12,
};

#endif /* _LINUX_MM_TYPES_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* What mm/vma.c sees of mm when it is built as a program: names as in the kernel. */
#ifndef __MM_VMA_INTERNAL_H
#define __MM_VMA_INTERNAL_H

#define BIT(nr)		(1UL << (nr))

#define VM_NONE		0x00000000
#define VM_READ		0x00000001
#define VM_WRITE	0x00000002
#define VM_LOCKED	0x00002000
#define VM_MIXEDMAP	0x10000000

typedef unsigned long vm_flags_t;

struct mm_struct {
	int map_count;
	unsigned long total_vm;
	unsigned long locked_vm;
	unsigned long data_vm;
};

struct vm_operations_struct {
	void (*close)(struct vm_area_struct *vma);
};

struct vm_area_struct {
	unsigned long vm_start, vm_end;
	struct mm_struct *vm_mm;
	vm_flags_t vm_flags;
	const struct vm_operations_struct *vm_ops;
};

static const struct vm_operations_struct vma_dummy_vm_ops;

static inline bool vma_is_anonymous(struct vm_area_struct *vma)
{
	return vma->vm_ops == NULL;
}

static inline unsigned long vma_pages(struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) / 4096;
}

#endif /* __MM_VMA_INTERNAL_H */

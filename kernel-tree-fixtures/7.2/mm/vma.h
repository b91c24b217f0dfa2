/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __MM_VMA_H
#define __MM_VMA_H

#include <linux/mm.h>

/* What one munmap() takes away. Its locked_vm is no counter of an mm. */
struct vma_munmap_struct {
	struct vma_iterator *vmi;
	struct vm_area_struct *vma, *prev, *next;
	unsigned long start, end;
	struct list_head *uf;
	bool unlock;
	int vma_count;
	unsigned long nr_pages;
	unsigned long locked_vm;
	unsigned long nr_accounted;
};

int do_vmi_munmap(struct vma_iterator *vmi, struct mm_struct *mm,
		  unsigned long start, size_t len, struct list_head *uf,
		  bool unlock);
void remove_vma(struct vm_area_struct *vma);
int split_vma(struct vma_iterator *vmi, struct vm_area_struct *vma,
	      unsigned long addr, int new_below);
int __split_vma(struct vma_iterator *vmi, struct vm_area_struct *vma,
		unsigned long addr, int new_below);
int vma_link(struct mm_struct *mm, struct vm_area_struct *vma);
int vma_expand_to(struct vma_iterator *vmi, struct vm_area_struct *vma,
		  unsigned long start, unsigned long end);
struct vm_area_struct *vma_modify_flags(struct vma_iterator *vmi,
		struct vm_area_struct *prev, struct vm_area_struct *vma,
		unsigned long start, unsigned long end,
		vma_flags_t *vma_flags_ptr);
int do_brk_flags(struct vma_iterator *vmi, struct vm_area_struct *vma,
		 unsigned long addr, unsigned long len, vma_flags_t vma_flags);
int expand_downwards(struct vm_area_struct *vma, unsigned long address);
struct vm_area_struct *copy_vma(struct vm_area_struct **vmap,
	unsigned long addr, unsigned long len, pgoff_t pgoff,
	bool *need_rmap_locks, bool keep_source);

#endif /* __MM_VMA_H */

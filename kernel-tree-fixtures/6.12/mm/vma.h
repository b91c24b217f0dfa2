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

static inline void init_vma_munmap(struct vma_munmap_struct *vms,
		struct vma_iterator *vmi, struct vm_area_struct *vma,
		unsigned long start, unsigned long end, struct list_head *uf,
		bool unlock)
{
	*vms = (struct vma_munmap_struct){ .vmi = vmi, .vma = vma, .uf = uf };
	vms->start = start;
	vms->end = end;
	vms->unlock = unlock;
	vms->nr_pages = vms->locked_vm = vms->nr_accounted = 0;
}

int vms_gather_munmap_vmas(struct vma_munmap_struct *vms,
		struct ma_state *mas_detach);
void vms_complete_munmap_vmas(struct vma_munmap_struct *vms,
		struct ma_state *mas_detach);
int do_vmi_munmap(struct vma_iterator *vmi, struct mm_struct *mm,
		  unsigned long start, size_t len, struct list_head *uf,
		  bool unlock);
void remove_vma(struct vm_area_struct *vma, bool unreachable);
#ifdef CONFIG_MMU
int split_vma(struct vma_iterator *vmi, struct vm_area_struct *vma,
	      unsigned long addr, int new_below);
#endif
int __split_vma(struct vma_iterator *vmi, struct vm_area_struct *vma,
		unsigned long addr, int new_below);
int vma_link(struct mm_struct *mm, struct vm_area_struct *vma);
int vma_expand_to(struct vma_iterator *vmi, struct vm_area_struct *vma,
		  unsigned long start, unsigned long end);
struct vm_area_struct *vma_modify_flags(struct vma_iterator *vmi,
		struct vm_area_struct *prev, struct vm_area_struct *vma,
		unsigned long start, unsigned long end,
		unsigned long new_flags);

/* Where something is to go, and what it may become one with. */
struct vma_merge_struct {
	struct vma_iterator *vmi;
	struct vm_area_struct *prev, *next;
	unsigned long start, end, flags;
	pgoff_t pgoff;
};

struct vm_area_struct *vma_merge_new_range(struct vma_merge_struct *vmg);
struct vm_area_struct *vma_iter_next_rewind(struct vma_iterator *vmi,
		struct vm_area_struct **pprev);
struct vm_area_struct *copy_vma(struct vm_area_struct **vmap,
	unsigned long addr, unsigned long len, pgoff_t pgoff,
	bool *need_rmap_locks, bool keep_source);

#endif /* __MM_VMA_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __MM_VMA_H

struct vma_munmap_struct {
	unsigned long locked_vm;
};

#ifdef CONFIG_MMU

static inline void init_vma_munmap(struct vma_munmap_struct *vms,
		struct vma_iterator *vmi, struct vm_area_struct *vma,
		unsigned long start, unsigned long end, struct list_head *uf,
		bool unlock)
{
	vms->nr_pages = vms->locked_vm = vms->nr_accounted = 0;
}
#endif

#endif

// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: VMAs in a maple tree, unmapping in two steps. */
#include "internal.h"

void remove_vma(struct vm_area_struct *vma, bool unreachable)
{
	if (unreachable)
		pr_debug("vma %p has no readers left\n", vma);
	vma_close(vma);
	vm_area_free(vma);
}

int split_vma(struct vma_iterator *vmi, struct vm_area_struct *vma,
	      unsigned long addr, int new_below)
{
	if (vma->vm_mm->map_count < sysctl_max_map_count)
		return __split_vma(vmi, vma, addr, new_below);
	return -ENOMEM;
}

void vms_complete_munmap_vmas(struct vma_munmap_struct *vms,
		struct ma_state *mas_detach)
{
	struct mm_struct *mm = current->mm;
	struct vma_iterator gone = { .mas = *mas_detach };
	struct vm_area_struct *vma;

	mm->map_count -= vms->vma_count;
	mm->locked_vm -= vms->locked_vm;
	mm->total_vm -= vms->nr_pages;
	vm_unacct_memory(vms->nr_accounted);
	for_each_vma(gone, vma)
		remove_vma(vma, false);
	if (vms->unlock)
		mmap_write_unlock(mm);
}

int vms_gather_munmap_vmas(struct vma_munmap_struct *vms,
		struct ma_state *mas_detach)
{
	struct vm_area_struct *next;
	int error = 0;

	if (vms->start > vms->vma->vm_start)
		error = split_vma(vms->vmi, vms->vma, vms->start, 1);

	for (next = vms->vma; next && !error; next = vma_next(vms->vmi)) {
		long nrpages;

		if (next->vm_start >= vms->end)
			break;
		if (next->vm_end > vms->end)
			error = split_vma(vms->vmi, next, vms->end, 0);
		if (error)
			break;

		nrpages = vma_pages(next);
		vms->vma_count++;
		vms->nr_pages += nrpages;
		if (next->vm_flags & VM_LOCKED)
			vms->locked_vm += nrpages;
		if (next->vm_flags & VM_ACCOUNT)
			vms->nr_accounted += nrpages;
		mas_detach->last = next->vm_end;
	}
	vms->next = next;
	return error;
}

int do_vmi_munmap(struct vma_iterator *vmi, struct mm_struct *mm,
		  unsigned long start, size_t len, struct list_head *uf,
		  bool unlock)
{
	struct ma_state detached = { .tree = &mm->mm_mt };
	struct vma_munmap_struct vms;
	struct vm_area_struct *vma;
	unsigned long end = start + PAGE_ALIGN(len);
	int error;

	if ((start & ~PAGE_MASK) || !len || end < start)
		return -EINVAL;

	vma = find_vma(mm, start);
	if (!vma || vma->vm_start >= end) {
		if (unlock)
			mmap_write_unlock(mm);
		return 0;
	}

	init_vma_munmap(&vms, vmi, vma, start, end, uf, unlock);
	error = vms_gather_munmap_vmas(&vms, &detached);
	if (!error)
		vms_complete_munmap_vmas(&vms, &detached);
	return error;
}

struct vm_area_struct *vma_modify_flags(
	struct vma_iterator *vmi, struct vm_area_struct *prev,
	struct vm_area_struct *vma, unsigned long start, unsigned long end,
	unsigned long new_flags)
{
	int error = 0;

	if (prev && prev->vm_end == start && prev->vm_flags == new_flags) {
		error = vma_expand_to(vmi, prev, prev->vm_start, end);
		return error ? ERR_PTR(error) : prev;
	}
	if (vma->vm_start < start)
		error = split_vma(vmi, vma, start, 1);
	if (!error && end < vma->vm_end)
		error = split_vma(vmi, vma, end, 0);
	return error ? ERR_PTR(error) : vma;
}

struct vm_area_struct *copy_vma(struct vm_area_struct **vmap,
	unsigned long addr, unsigned long len, pgoff_t pgoff,
	bool *need_rmap_locks, bool keep_source)
{
	struct vm_area_struct *vma = *vmap, *new_vma;
	VMA_ITERATOR(vmi, vma->vm_mm, addr);
	struct vma_merge_struct vmg = {
		.vmi = &vmi, .start = addr, .end = addr + len, .flags = vma->vm_flags,
	};

	if (find_vma_prev(vma->vm_mm, addr, &vmg.prev) == vma && addr > vma->vm_start)
		return NULL;
	vmg.pgoff = vma->vm_file || vma->anon_vma ? pgoff : PFN_DOWN(addr);
	vmg.next = vma_iter_next_rewind(&vmi, NULL);

	/* What is kept must not become one with its copy. */
	if (keep_source && vmg.prev == vma)
		vmg.prev = NULL;
	if (keep_source && vmg.next == vma)
		vmg.next = NULL;

	new_vma = vma_merge_new_range(&vmg);
	if (new_vma) {
		*need_rmap_locks = new_vma->vm_pgoff <= vma->vm_pgoff;
		return new_vma;
	}

	*need_rmap_locks = false;
	new_vma = vm_area_dup(vma);
	if (new_vma && vma_link(vma->vm_mm, new_vma)) {
		vm_area_free(new_vma);
		return NULL;
	}
	return new_vma;
}

// SPDX-License-Identifier: GPL-2.0-only
void remove_vma(struct vm_area_struct *vma, bool unreachable)
{
	vma_close(vma);
}

int split_vma(struct vma_iterator *vmi, struct vm_area_struct *vma,
	      unsigned long addr, int new_below)
{
}

void vms_complete_munmap_vmas(struct vma_munmap_struct *vms,
		struct ma_state *mas_detach)
{
	mm->locked_vm -= vms->locked_vm;
}

int vms_gather_munmap_vmas(struct vma_munmap_struct *vms,
		struct ma_state *mas_detach)
{
		long nrpages;

		if (next->vm_flags & VM_LOCKED)
			vms->locked_vm += nrpages;
}

struct vm_area_struct *vma_modify_flags(
	struct vma_iterator *vmi, struct vm_area_struct *prev,
	struct vm_area_struct *vma, unsigned long start, unsigned long end,
	unsigned long new_flags)
{
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Update mm exec_vm, stack_vm, data_vm, and locked_vm fields as needed to
 * account for 'bytes' memory used, and if locked, indicate this in the VRM so
 * we can handle this correctly later.
 */
static void vrm_stat_account(struct vma_remap_struct *vrm,
			     unsigned long bytes)
{
	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm += pages;
}

static bool needs_pre_split(struct vma_remap_struct *vrm)
{
	/*
	 * An MREMAP_DONTUNMAP of a mlock()'d VMA needs to unlock the
	 * source VMA, so split in this case.
	 */
	return (vrm->flags & MREMAP_DONTUNMAP) &&
		vma_test(vrm->vma, VMA_LOCKED_BIT);
}

static void dontunmap_complete(struct vma_remap_struct *vrm,
			       struct vm_area_struct *new_vma)
{
	/* We always clear VM_LOCKED[ONFAULT] on the old VMA. */
	vm_flags_clear(vma, VM_LOCKED_MASK);
}

static unsigned long move_vma(struct vma_remap_struct *vrm)
{
	const bool is_dontunmap = vrm->flags & MREMAP_DONTUNMAP;
}

static int check_prep_vma(struct vma_remap_struct *vrm)
{
	if (!mlock_future_ok(mm, vma->vm_flags & VM_LOCKED, vrm->delta))
		return -EAGAIN;
}

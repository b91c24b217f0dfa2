// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: the state of a call is in one structure. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/syscalls.h>

#include "internal.h"

struct vma_remap_struct {
	struct vm_area_struct *vma;
	unsigned long addr, old_len, new_len, new_addr, delta;
	const unsigned long flags;
	struct vm_userfaultfd_ctx *uf;
	struct list_head *uf_unmap;
	bool populate_expand;
	bool vmi_needs_invalidate;
};

/*
 * Update mm exec_vm, stack_vm, data_vm, and locked_vm fields as needed to
 * account for 'bytes' memory used, and if locked, indicate this in the VRM so
 * we can handle this correctly later.
 */
static void vrm_stat_account(struct vma_remap_struct *vrm,
			     unsigned long bytes)
{
	struct vm_area_struct *vma = vrm->vma;
	unsigned long pages = PFN_DOWN(bytes);
	struct mm_struct *mm = current->mm;

	vm_stat_account(mm, vma->vm_flags, pages);
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

static int prep_move_vma(struct vma_remap_struct *vrm)
{
	unsigned long old_end = vrm->addr + vrm->old_len;
	struct vm_area_struct *vma = vrm->vma;
	VMA_ITERATOR(vmi, vma->vm_mm, vrm->addr);
	int error = 0;

	if (needs_pre_split(vrm)) {
		if (vma->vm_start < vrm->addr)
			error = split_vma(&vmi, vma, vrm->addr, 1);
		if (old_end < vma->vm_end && !error)
			error = split_vma(&vmi, vma, old_end, 0);
	}
	return error;
}

static void dontunmap_complete(struct vma_remap_struct *vrm,
			       struct vm_area_struct *new_vma)
{
	struct vm_area_struct *vma = vrm->vma;

	/* We always clear VM_LOCKED[ONFAULT] on the old VMA. */
	vm_flags_clear(vma, VM_LOCKED_MASK);
	if (new_vma != vma && vrm->uf)
		vma->vm_userfaultfd_ctx = *vrm->uf;
}

static unsigned long move_vma(struct vma_remap_struct *vrm)
{
	const bool is_dontunmap = vrm->flags & MREMAP_DONTUNMAP;
	struct mm_struct *mm = current->mm;
	unsigned long hiwater_vm = mm->hiwater_vm;
	struct vm_area_struct *new_vma;
	bool need_rmap_locks;
	int err = prep_move_vma(vrm);

	if (err)
		return err;
	new_vma = copy_vma(&vrm->vma, vrm->new_addr, vrm->new_len,
			   vrm->vma->vm_pgoff, &need_rmap_locks, is_dontunmap);
	if (!new_vma)
		return -ENOMEM;

	/* The order matters: a source that lost its lock charges nothing. */
	if (is_dontunmap)
		dontunmap_complete(vrm, new_vma);
	vrm_stat_account(vrm, vrm->new_len);
	if (!is_dontunmap && do_munmap(mm, vrm->addr, vrm->old_len, vrm->uf_unmap))
		vm_unacct_memory(PFN_DOWN(vrm->old_len));
	mm->hiwater_vm = hiwater_vm;
	return vrm->new_addr;
}

static unsigned long expand_vma_in_place(struct vma_remap_struct *vrm)
{
	struct vm_area_struct *vma = vrm->vma;
	struct mm_struct *mm = current->mm;
	VMA_ITERATOR(vmi, mm, vma->vm_end);
	int error = vma_expand_to(&vmi, vma, vma->vm_start, vrm->addr + vrm->new_len);

	if (error)
		return error;
	vrm_stat_account(vrm, vrm->delta);
	return vrm->addr;
}

static int check_prep_vma(struct vma_remap_struct *vrm)
{
	struct vm_area_struct *vma = vrm->vma;
	struct mm_struct *mm = current->mm;

	if (!vma)
		return -EFAULT;
	if ((vrm->flags & MREMAP_DONTUNMAP) && is_vm_hugetlb_page(vma))
		return -EINVAL;
	/* We are expanding and the VMA is mlock()'d so we need to populate. */
	if (vma->vm_flags & VM_LOCKED)
		vrm->populate_expand = vrm->delta;
	if (!mlock_future_ok(mm, vma->vm_flags & VM_LOCKED, vrm->delta))
		return -EAGAIN;
	return 0;
}

SYSCALL_DEFINE5(mremap, unsigned long, addr, unsigned long, old_len,
		unsigned long, new_len, unsigned long, flags,
		unsigned long, new_addr)
{
	struct vma_remap_struct vrm = {
		.addr = addr,
		.old_len = old_len,
		.new_len = new_len,
		.new_addr = new_addr,
		.delta = new_len - old_len,
		.flags = flags,
	};
	unsigned long ret;

	if (mmap_write_lock_killable(current->mm))
		return -EINTR;
	vrm.vma = vma_lookup(current->mm, addr);
	ret = check_prep_vma(&vrm);
	if (!ret)
		ret = flags & MREMAP_MAYMOVE ? move_vma(&vrm) : expand_vma_in_place(&vrm);
	mmap_write_unlock(current->mm);
	if (vrm.populate_expand)
		mm_populate(addr + old_len, vrm.delta);
	return ret;
}

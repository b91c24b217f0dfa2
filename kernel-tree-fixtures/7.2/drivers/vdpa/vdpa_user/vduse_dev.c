// SPDX-License-Identifier: GPL-2.0-only
static int vduse_dev_reg_umem(struct vduse_dev *dev,
			      u32 asid, u64 iova, u64 uaddr, u64 size)
{
	lock_limit = PFN_DOWN(rlimit(RLIMIT_MEMLOCK));
	if (npages + atomic64_read(&current->mm->pinned_vm) > lock_limit)
		goto out;

	if (ret)
		goto out;

	atomic64_add(npages, &current->mm->pinned_vm);

	umem->pages = page_list;

out:
	if (ret && pinned > 0)
		unpin_user_pages(page_list, pinned);

	mmap_read_unlock(current->mm);
}

// SPDX-License-Identifier: GPL-2.0-only
bool hfi1_can_pin_pages(struct hfi1_devdata *dd, struct mm_struct *mm,
			u32 nlocked, u32 npages)
{
	unsigned long ulimit_pages;
	unsigned long cache_limit_pages;
	unsigned int usr_ctxts;

	if (!capable(CAP_IPC_LOCK)) {
		if (atomic64_read(&mm->pinned_vm) + npages > ulimit_pages)
			return false;

		if (nlocked + npages > (ulimit_pages / usr_ctxts / 4))
			return false;
	}

	if (nlocked + npages > cache_limit_pages)
		return false;

	return true;
}

int hfi1_acquire_user_pages(struct mm_struct *mm, unsigned long vaddr, size_t npages,
			    bool writable, struct page **pages)
{
	if (ret < 0)
		return ret;

	atomic64_add(ret, &mm->pinned_vm);

	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: compares in one function, charges in another. */
#include "hfi.h"

static unsigned long cache_size = 256;

bool hfi1_can_pin_pages(struct hfi1_devdata *dd, struct mm_struct *mm,
			u32 nlocked, u32 npages)
{
	unsigned long ulimit_pages;
	unsigned long cache_limit_pages;
	unsigned int usr_ctxts;

	ulimit_pages = PFN_DOWN(rlimit(RLIMIT_MEMLOCK));
	cache_limit_pages = cache_size << (20 - PAGE_SHIFT);

	if (!capable(CAP_IPC_LOCK)) {
		usr_ctxts = max(dd->num_user_contexts, 1U);
		if (atomic64_read(&mm->pinned_vm) + npages > ulimit_pages)
			return false;

		/* A quarter of what each context may have is for the cache. */
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
	unsigned int gup_flags = FOLL_LONGTERM;
	int ret;

	if (writable)
		gup_flags |= FOLL_WRITE;
	ret = pin_user_pages_fast(vaddr, npages, gup_flags, pages);
	if (ret < 0)
		return ret;

	atomic64_add(ret, &mm->pinned_vm);

	return ret;
}

/* What the caller has in p goes, with its charge; there may be no mm any more. */
void hfi1_release_user_pages(struct mm_struct *mm, struct page **p,
			     size_t npages)
{
	unpin_user_pages(p, npages);
	if (!mm)
		return;
	atomic64_sub(npages, &mm->pinned_vm);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/sched.h>

int qib_get_user_pages(unsigned long start_page, size_t num_pages,
		       struct page **p)
{
	unsigned long locked, lock_limit;
	int ret = -ENOMEM;

	lock_limit = PFN_DOWN(rlimit(RLIMIT_MEMLOCK));
	locked = atomic64_add_return(num_pages, &current->mm->pinned_vm);
	if (locked <= lock_limit || capable(CAP_IPC_LOCK)) {
		ret = pin_user_pages(start_page, num_pages, FOLL_LONGTERM, p, NULL);
		if (ret >= 0)
			return 0;
	}
	atomic64_sub(num_pages, &current->mm->pinned_vm);
	return ret;
}

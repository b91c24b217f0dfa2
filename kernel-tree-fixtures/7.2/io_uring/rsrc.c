// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: the pool of a user is compared, the mm only charged. */
#include <linux/mm.h>
#include <linux/sched.h>

static int __io_account_mem(struct user_struct *user, unsigned long nr_pages)
{
	long page_limit = PFN_DOWN(rlimit(RLIMIT_MEMLOCK));

	if (atomic_long_add_return(nr_pages, &user->locked_vm) <= page_limit)
		return 0;
	atomic_long_sub(nr_pages, &user->locked_vm);
	return -ENOMEM;
}

int io_account_mem(struct user_struct *user, struct mm_struct *mm_account,
		   unsigned long nr_pages)
{
	int ret = user ? __io_account_mem(user, nr_pages) : 0;

	if (ret)
		return ret;
	if (mm_account)
		atomic64_add(nr_pages, &mm_account->pinned_vm);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/sched.h>

/* For the interrupt bits of a guest's device: both pools, compared with neither sum. */
static int account_mem(unsigned long nr_pages)
{
	struct user_struct *user = current_user();
	long page_limit = PFN_DOWN(rlimit(RLIMIT_MEMLOCK));

	if (atomic_long_add_return(nr_pages, &user->locked_vm) > page_limit) {
		atomic_long_sub(nr_pages, &user->locked_vm);
		return -ENOMEM;
	}
	atomic64_add(nr_pages, &current->mm->pinned_vm);
	return 0;
}

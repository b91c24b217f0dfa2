// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: the pool of a user is compared, the mm only charged. */
#include <linux/mm.h>
#include <linux/sched.h>

struct io_ring_ctx {
	struct user_struct *user;
	struct mm_struct *mm_account;
};

static int __io_account_mem(struct user_struct *user, unsigned long nr_pages)
{
	long page_limit = PFN_DOWN(rlimit(RLIMIT_MEMLOCK));

	if (atomic_long_add_return(nr_pages, &user->locked_vm) <= page_limit)
		return 0;
	atomic_long_sub(nr_pages, &user->locked_vm);
	return -ENOMEM;
}

static int io_account_mem(struct io_ring_ctx *ctx, unsigned long nr_pages)
{
	int ret = ctx->user ? __io_account_mem(ctx->user, nr_pages) : 0;

	if (ret)
		return ret;
	if (ctx->mm_account)
		atomic64_add(nr_pages, &ctx->mm_account->pinned_vm);
	return 0;
}

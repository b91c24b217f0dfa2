// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: the pool of a user is compared, the mm only charged. */
#include <linux/mm.h>
#include <linux/sched.h>

#include "rsrc.h"

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

static void __io_unaccount_mem(struct user_struct *user, unsigned long nr_pages)
{
	atomic_long_sub(nr_pages, &user->locked_vm);
}

static void io_unaccount_mem(struct io_ring_ctx *ctx, unsigned long nr_pages)
{
	if (ctx->user)
		__io_unaccount_mem(ctx->user, nr_pages);

	if (ctx->mm_account)
		atomic64_sub(nr_pages, &ctx->mm_account->pinned_vm);
}

static int io_account_mem(struct io_ring_ctx *ctx, unsigned long nr_pages)
{
	int ret;

	if (ctx->user) {
		ret = __io_account_mem(ctx->user, nr_pages);
		if (ret)
			return ret;
	}

	if (ctx->mm_account)
		atomic64_add(nr_pages, &ctx->mm_account->pinned_vm);

	return 0;
}

struct iovec {
	void __user *iov_base;
	size_t iov_len;
};

void unpin_user_folio(struct folio *folio, unsigned long npages);
void *kvmalloc(size_t size, unsigned int flags);
void kvfree(const void *addr);

static void io_buffer_unmap(struct io_ring_ctx *ctx, struct io_mapped_ubuf **slot)
{
	struct io_mapped_ubuf *imu = *slot;

	*slot = NULL;
	if (imu) {
		unpin_user_pages(imu->pages, imu->nr_pages);
		if (imu->acct_pages)
			io_unaccount_mem(ctx, imu->acct_pages);
		kvfree(imu);
	}
}

static int io_sqe_buffer_register(struct io_ring_ctx *ctx, struct iovec *iov,
				  struct io_mapped_ubuf **pimu,
				  struct page **last_hpage)
{
	unsigned long nr_pages = PFN_UP(iov->iov_len);
	struct io_mapped_ubuf *imu = NULL;
	struct page **pages = NULL;
	unsigned long i;
	int ret;

	*pimu = NULL;
	if (!iov->iov_base)
		return 0;

	imu = kvmalloc(sizeof(*imu) + nr_pages * sizeof(*pages), 0);
	if (!imu)
		return -ENOMEM;
	pages = imu->pages;
	ret = io_account_mem(ctx, nr_pages);
	imu->acct_pages = nr_pages;
	imu->len = iov->iov_len;
	*pimu = imu;
	if (ret) {
		kvfree(imu);
		if (pages) {
			for (i = 0; i < nr_pages; i++)
				unpin_user_folio(page_folio(pages[i]), 1);
		}
	}
	return ret;
}

struct io_ring_ctx *io_ring_of(void __user *arg);

int io_register_clone_buffers(struct io_ring_ctx *ctx, void __user *arg)
{
	struct io_ring_ctx *src_ctx = io_ring_of(arg);

	if (ctx->user != src_ctx->user || ctx->mm_account != src_ctx->mm_account)
		return -EINVAL;
	return 0;
}

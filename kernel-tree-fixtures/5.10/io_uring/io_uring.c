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

struct io_mapped_ubuf {
	u64		ubuf;
	u64		ubuf_end;
	unsigned int	nr_pages;
	unsigned long	acct_pages;
	struct page	*pages[];
};

struct iovec {
	void __user *iov_base;
	size_t iov_len;
};

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
	unsigned long ubuf = (unsigned long)iov->iov_base;
	unsigned long nr_pages = PFN_UP(iov->iov_len);
	struct io_mapped_ubuf *imu = NULL;
	struct page **pages = NULL;
	int ret;

	*pimu = NULL;
	ret = -ENOMEM;
	imu = kvmalloc(sizeof(*imu) + nr_pages * sizeof(*imu->pages), 0);
	if (!imu)
		goto done;
	if (pin_user_pages(ubuf, nr_pages, FOLL_LONGTERM, imu->pages, NULL) < 0)
		goto done;
	ret = io_account_mem(ctx, nr_pages);
	imu->acct_pages = nr_pages;
	imu->ubuf_end = ubuf + iov->iov_len;
	*pimu = imu;
done:
	if (ret)
		kvfree(imu);
	kvfree(pages);
	return ret;
}

struct io_ring_ctx *io_ring_ctx_alloc(void);

static void io_ring_ctx_free(struct io_ring_ctx *ctx)
{
	if (ctx->mm_account) {
		mmdrop(ctx->mm_account);
		ctx->mm_account = NULL;
	}
	kvfree(ctx);
}

struct user_struct *get_uid(struct user_struct *user);

struct io_uring_params;

static int io_uring_create(unsigned entries, struct io_uring_params *p,
			   struct io_uring_params __user *params)
{
	struct io_ring_ctx *ctx = io_ring_ctx_alloc();

	if (!ctx)
		return -ENOMEM;
	if (!capable(CAP_IPC_LOCK))
		ctx->user = get_uid(current_user());

	/* The mm may be gone before the ring: keep it, to take the charge back. */
	mmgrab(current->mm);
	ctx->mm_account = current->mm;

	return 0;
}

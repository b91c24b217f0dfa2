// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: the pool of a user is compared, the mm only charged. */
#include <linux/mm.h>
#include <linux/sched.h>

#include "rsrc.h"

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

void __io_unaccount_mem(struct user_struct *user, unsigned long nr_pages)
{
	atomic_long_sub(nr_pages, &user->locked_vm);
}

void io_unaccount_mem(struct user_struct *user, struct mm_struct *mm_account,
		      unsigned long nr_pages)
{
	if (mm_account)
		atomic64_sub(nr_pages, &mm_account->pinned_vm);
	if (user)
		__io_unaccount_mem(user, nr_pages);
}

#define IORING_RSRC_BUFFER	1

struct io_ring_ctx {
	struct user_struct *user;
	struct mm_struct *mm_account;
	void *node_cache;
};

struct io_rsrc_node {
	struct io_mapped_ubuf *buf;
};

struct iovec {
	void __user *iov_base;
	size_t iov_len;
};

void unpin_user_folio(struct folio *folio, unsigned long npages);
struct io_rsrc_node *io_rsrc_node_alloc(struct io_ring_ctx *ctx, int type);
struct io_mapped_ubuf *io_alloc_imu(struct io_ring_ctx *ctx, int nr_pages);
void io_cache_free(void *cache, void *object);
void io_free_imu(struct io_ring_ctx *ctx, struct io_mapped_ubuf *imu);

static void io_release_ubuf(void *priv)
{
	struct io_mapped_ubuf *imu = priv;
	unsigned int i;

	for (i = 0; i < imu->nr_pages; i++) {
		struct folio *folio = page_folio(imu->pages[i]);

		unpin_user_folio(folio, 1);
	}
}

static void io_buffer_unmap(struct io_ring_ctx *ctx, struct io_mapped_ubuf *imu)
{
	unsigned long acct_pages = imu->nr_pages;

	if (acct_pages)
		io_unaccount_mem(ctx->user, ctx->mm_account, acct_pages);
	imu->release(imu->priv);
	io_free_imu(ctx, imu);
}

static int io_buffer_account_pin(struct io_ring_ctx *ctx, struct page **pages,
				 int nr_pages)
{
	unsigned long acct_pages = nr_pages;
	int ret = 0;

	if (pages)
		ret = io_account_mem(ctx->user, ctx->mm_account, acct_pages);
	return ret;
}

static struct io_rsrc_node *io_sqe_buffer_register(struct io_ring_ctx *ctx,
						   struct iovec *iov)
{
	int ret, i, nr_pages = PFN_UP(iov->iov_len);
	struct io_mapped_ubuf *imu;
	struct io_rsrc_node *node;
	struct page **pages;

	node = io_rsrc_node_alloc(ctx, IORING_RSRC_BUFFER);
	if (!node)
		return ERR_PTR(-ENOMEM);

	imu = io_alloc_imu(ctx, nr_pages);
	pages = imu->pages;
	ret = io_buffer_account_pin(ctx, pages, nr_pages);
	imu->release = io_release_ubuf;
	imu->priv = imu;
	node->buf = imu;
	if (ret) {
		io_free_imu(ctx, imu);
		if (pages) {
			for (i = 0; i < nr_pages; i++)
				unpin_user_folio(page_folio(pages[i]), 1);
		}
		io_cache_free(&ctx->node_cache, node);
		node = ERR_PTR(ret);
	}
	return node;
}

struct io_ring_ctx *io_ring_of(void __user *arg);

int io_register_clone_buffers(struct io_ring_ctx *ctx, void __user *arg)
{
	struct io_ring_ctx *src_ctx = io_ring_of(arg);

	if (ctx->user != src_ctx->user || ctx->mm_account != src_ctx->mm_account)
		return -EINVAL;
	return 0;
}

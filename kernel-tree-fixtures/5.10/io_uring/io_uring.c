// SPDX-License-Identifier: GPL-2.0-only
static int io_account_mem(struct io_ring_ctx *ctx, unsigned long nr_pages)
{
	if (ctx->mm_account)
		atomic64_add(nr_pages, &ctx->mm_account->pinned_vm);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>

#include "hfi.h"

struct hfi1_user_sdma_pkt_q {
	struct hfi1_devdata *dd;
	atomic_t n_locked;
};

struct user_sdma_request {
	struct hfi1_user_sdma_pkt_q *pq;
};

struct sdma_mmu_node {
	struct page **pages;
	unsigned int npages;
};

u32 sdma_cache_evict(struct hfi1_user_sdma_pkt_q *pq, u32 npages);

static int pin_system_pages(struct user_sdma_request *req,
			    uintptr_t start_address, size_t length,
			    struct sdma_mmu_node *node, int npages)
{
	struct hfi1_user_sdma_pkt_q *pq = req->pq;
	struct page **pages;
	int pinned, cleared;

	pages = kvmalloc_array(npages, sizeof(*pages), GFP_KERNEL);
	if (!pages || !length)
		return -ENOMEM;

retry:
	if (!hfi1_can_pin_pages(pq->dd, current->mm, atomic_read(&pq->n_locked),
				npages)) {
		cleared = sdma_cache_evict(pq, npages);
		if (cleared >= npages)
			goto retry;
	}

	pinned = hfi1_acquire_user_pages(current->mm, start_address, npages, false, pages);
	if (pinned != npages) {
		if (pinned > 0)
			hfi1_release_user_pages(current->mm, pages, pinned);
		kfree(pages);
		return pinned < 0 ? pinned : -EFAULT;
	}
	node->pages = pages;
	node->npages = npages;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "internal.h"

struct hstate {
	struct page *freelist[4];
};

static struct page *dequeue_huge_page_node_exact(struct hstate *h, int nid)
{
	struct page *page;
	bool nocma = !!(current->flags & PF_MEMALLOC_NOCMA);
	int i;

	for (i = 0; i < 4; i++) {
		page = h->freelist[(nid + i) % 4];
		if (nocma && is_migrate_cma_page(page))
			continue;
		if (page)
			return page;
	}
	return NULL;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "internal.h"

struct hstate {
	struct folio *freelist[4];
};

static struct folio *dequeue_hugetlb_folio_node_exact(struct hstate *h,
								int nid)
{
	bool pin = current->flags & PF_MEMALLOC_PIN;
	int i;

	for (i = 0; i < 4; i++) {
		struct folio *folio = h->freelist[(nid + i) % 4];

		if (pin && !folio_is_longterm_pinnable(folio))
			continue;
		if (folio)
			return folio;
	}
	return NULL;
}

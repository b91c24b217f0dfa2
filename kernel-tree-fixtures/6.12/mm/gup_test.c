// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

#include "gup_test.h"

static void verify_dma_pinned(unsigned int cmd, struct page **pages,
			      unsigned long nr_pages)
{
	while (nr_pages--) {
		struct folio *folio = page_folio(pages[nr_pages]);

		if (cmd == PIN_LONGTERM_BENCHMARK &&
		    WARN(!folio_is_longterm_pinnable(folio), "page %lu", nr_pages))
			return;
	}
}

void gup_test_verify(struct gup_test *gup, struct page **pages)
{
	verify_dma_pinned(gup->test_flags, pages, PFN_DOWN(gup->size));
}

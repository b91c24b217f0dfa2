// SPDX-License-Identifier: GPL-2.0-only
/* What gup_test was made of later: measures, and lets go of all pages before it returns. */
#include <linux/mm.h>

struct gup_benchmark {
	u64 addr, size;
	u32 flags;
};

long gup_benchmark(struct gup_benchmark *gup, struct page **pages)
{
	long nr = pin_user_pages(gup->addr, PFN_DOWN(gup->size), gup->flags, pages, NULL);

	if (nr > 0)
		unpin_user_pages(pages, nr);
	return nr;
}

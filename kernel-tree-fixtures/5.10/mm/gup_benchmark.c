// SPDX-License-Identifier: GPL-2.0-only
/* What gup_test was made of later: measures, and lets go of all pages before it returns. */
#include <linux/mm.h>

#define PIN_LONGTERM_BENCHMARK	5

struct gup_benchmark {
	u64 addr, size;
	u32 flags;
};

long gup_benchmark(unsigned int cmd, struct gup_benchmark *gup, struct page **pages)
{
	long nr = 0;

	switch (cmd) {
	case PIN_LONGTERM_BENCHMARK:
		nr = pin_user_pages(gup->addr, PFN_DOWN(gup->size), gup->flags, pages, NULL);
		break;
	}
	if (nr > 0)
		unpin_user_pages(pages, nr);
	return nr;
}

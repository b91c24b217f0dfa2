// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "internal.h"

#define ALLOC_CMA	0x80

typedef struct {
	unsigned long bits;
} nodemask_t;

struct alloc_context {
	nodemask_t *nodemask;
};

struct page *get_page_from_freelist(gfp_t gfp, unsigned int order, int alloc_flags,
				    const struct alloc_context *ac);

unsigned long *pageblock_words(const struct page *page);

/* The flags of a block of pages share a word with those of its neighbours. */
unsigned long get_pfnblock_flags_mask(const struct page *page, unsigned long pfn,
				      unsigned long mask)
{
	unsigned long *bitmap = pageblock_words(page);
	unsigned long word_bitidx = pfn / 64;
	unsigned long word;

	word = READ_ONCE(bitmap[word_bitidx]);
	return word >> pfn % 64 & mask;
}

static inline unsigned int gfp_to_alloc_flags_cma(gfp_t gfp_mask,
						  unsigned int alloc_flags)
{
	return gfp_mask & __GFP_MOVABLE ? alloc_flags | ALLOC_CMA : alloc_flags;
}

static bool prepare_alloc_pages(gfp_t gfp, unsigned int order, int nid, nodemask_t *nodemask,
				struct alloc_context *ac, gfp_t *alloc_gfp,
				unsigned int *alloc_flags)
{
	ac->nodemask = nodemask;
	*alloc_flags = gfp_to_alloc_flags_cma(gfp, *alloc_flags);
	return *alloc_gfp && order < 11 && nid >= 0;
}

struct page *__alloc_pages_noprof(gfp_t gfp, unsigned int order,
		int preferred_nid, nodemask_t *nodemask)
{
	unsigned int flags = 0;
	struct alloc_context ac;
	gfp_t alloc_gfp;

	gfp = current_gfp_context(gfp);
	alloc_gfp = gfp;
	if (!prepare_alloc_pages(gfp, order, preferred_nid, nodemask, &ac, &alloc_gfp, &flags))
		return NULL;
	return get_page_from_freelist(alloc_gfp, order, flags, &ac);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "internal.h"

#define ALLOC_CMA	0x80
#define ALLOC_HARDER	0x10

typedef struct {
	unsigned long bits;
} nodemask_t;

struct alloc_context {
	nodemask_t *nodemask;
	bool spread_dirty_pages;
};

gfp_t gfp_allowed_mask;

struct page *get_page_from_freelist(gfp_t gfp_mask, unsigned int order, int alloc_flags,
				    const struct alloc_context *ac);

unsigned long *pageblock_words(struct page *page);

/* The flags of a block of pages share a word with those of its neighbours. */
static __always_inline
unsigned long __get_pfnblock_flags_mask(struct page *page,
					unsigned long pfn,
					unsigned long mask)
{
	unsigned long *bitmap = pageblock_words(page);
	unsigned long word_bitidx = pfn / 64;
	unsigned long word;

	word = bitmap[word_bitidx];
	return word >> pfn % 64 & mask;
}

unsigned long get_pfnblock_flags_mask(struct page *page, unsigned long pfn,
					unsigned long mask)
{
	return __get_pfnblock_flags_mask(page, pfn, mask);
}

static inline unsigned int current_alloc_flags(gfp_t gfp_mask,
					unsigned int alloc_flags)
{
#ifdef CONFIG_CMA
	unsigned int pflags = current->flags;

	if (!(pflags & PF_MEMALLOC_NOCMA) &&
			gfp_migratetype(gfp_mask) == MIGRATE_MOVABLE)
		alloc_flags |= ALLOC_CMA;

#endif
	return alloc_flags;
}

static inline unsigned int
gfp_to_alloc_flags(gfp_t gfp_mask)
{
	unsigned int alloc_flags = ALLOC_HARDER;

	alloc_flags = current_alloc_flags(gfp_mask, alloc_flags);
	return alloc_flags;
}

static inline struct page *
__alloc_pages_slowpath(gfp_t gfp_mask, unsigned int order,
						struct alloc_context *ac)
{
	unsigned int alloc_flags = gfp_to_alloc_flags(gfp_mask);
	unsigned int reserve_flags = order ? 0 : ALLOC_HARDER;

	if (reserve_flags)
		alloc_flags = current_alloc_flags(gfp_mask, reserve_flags);
	return get_page_from_freelist(gfp_mask, order, alloc_flags, ac);
}

static inline bool prepare_alloc_pages(gfp_t gfp_mask, unsigned int order,
		int preferred_nid, nodemask_t *nodemask,
		struct alloc_context *ac, gfp_t *alloc_mask,
		unsigned int *alloc_flags)
{
	ac->nodemask = nodemask;
	*alloc_flags = current_alloc_flags(gfp_mask, *alloc_flags);
	return *alloc_mask != 0;
}

/*
 * All that asks for pages ends up here: one attempt that is quick, then one that is not.
 */
struct page *
__alloc_pages_nodemask(gfp_t gfp_mask, unsigned int order, int preferred_nid,
							nodemask_t *nodemask)
{
	struct page *page;
	unsigned int alloc_flags = 0;
	gfp_t alloc_mask;
	struct alloc_context ac = { };

	gfp_mask &= gfp_allowed_mask;
	alloc_mask = gfp_mask;
	if (!prepare_alloc_pages(gfp_mask, order, preferred_nid, nodemask, &ac, &alloc_mask, &alloc_flags))
		return NULL;

	page = get_page_from_freelist(alloc_mask, order, alloc_flags, &ac);
	if (page)
		goto out;

	/*
	 * Apply scoped allocation constraints. This is mainly about GFP_NOFS
	 * resp. GFP_NOIO which has to be inherited for all allocation requests
	 * from a particular context which has been marked by
	 * memalloc_no{fs,io}_{save,restore}.
	 */
	alloc_mask = current_gfp_context(gfp_mask);
	ac.spread_dirty_pages = false;
	page = __alloc_pages_slowpath(alloc_mask, order, &ac);
out:
	return page;
}

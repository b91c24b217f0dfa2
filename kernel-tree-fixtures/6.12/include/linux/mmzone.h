/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MMZONE_H
#define _LINUX_MMZONE_H

#include <linux/kernel.h>

typedef unsigned int gfp_t;

#define __GFP_HIGHMEM	0x02u
#define __GFP_MOVABLE	0x08u
#define __GFP_IO	0x40u
#define __GFP_FS	0x80u
#define __GFP_NOWARN	0x2000u
#define GFP_USER	0x100cc0u

struct page {
	unsigned long flags;
};

struct folio {
	struct page page;
};

enum zone_type {
	ZONE_NORMAL,
	ZONE_MOVABLE,
};

typedef struct pglist_data {
	int node_id;
} pg_data_t;

enum migratetype {
	MIGRATE_UNMOVABLE,
	MIGRATE_MOVABLE,
	MIGRATE_CMA,
	MIGRATE_ISOLATE,
};

int folio_migratetype(const struct folio *folio);
unsigned long folio_pfn(const struct folio *folio);
int migratetype_at(unsigned long pfn);

#define is_migrate_cma_folio(folio, pfn)	(migratetype_at(pfn) == MIGRATE_CMA)

static inline bool is_zone_movable_page(const struct page *page)
{
	return page->flags & 1;
}

static inline bool folio_is_zone_movable(const struct folio *folio)
{
	return is_zone_movable_page(&folio->page);
}

#endif /* _LINUX_MMZONE_H */

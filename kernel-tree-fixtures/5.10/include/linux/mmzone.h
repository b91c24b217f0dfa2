/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MMZONE_H
#define _LINUX_MMZONE_H

#include <linux/mm_types.h>

typedef struct pglist_data {
	int node_id;
} pg_data_t;

enum migratetype {
	MIGRATE_UNMOVABLE,
	MIGRATE_MOVABLE,
#ifdef CONFIG_CMA
	MIGRATE_CMA,
#endif
	MIGRATE_ISOLATE,
};

int get_pageblock_migratetype(struct page *page);

#ifdef CONFIG_CMA
#  define is_migrate_cma_page(_page) (get_pageblock_migratetype(_page) == MIGRATE_CMA)
#else
#  define is_migrate_cma_page(_page) false
#endif

enum zone_type {
	ZONE_NORMAL,
	/*
	 * What is here can leave, with exceptions:
	 *
	 * 1. Pinned pages: (long-term) pinning of movable pages might
	 *    essentially turn such pages unmovable. Memory offlining might
	 *    retry a long time.
	 * And others. In some of those cases,
	 *    techniques might use alloc_contig_range() to hide previously
	 *    exposed pages from the buddy again (e.g., to implement some sort
	 *    of memory unplug in virtio-mem).
	 *
	 * No more is known of them here.
	 */
	ZONE_MOVABLE,
	__MAX_NR_ZONES
};

#endif /* _LINUX_MMZONE_H */

// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: the two ends of reclaim, page by page. */
#include <linux/list.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>

#include "internal.h"

struct lruvec;
struct reclaim_stat;

struct scan_control {
	unsigned long nr_to_reclaim, nr_reclaimed, nr_scanned;
	struct mem_cgroup *target_mem_cgroup;
	unsigned int may_unmap:1;
	unsigned int memcg_low_reclaim:1;
	unsigned int memcg_low_skipped:1;
	int reclaim_idx;
};

enum page_references {
	PAGEREF_RECLAIM,
	PAGEREF_RECLAIM_CLEAN,
	PAGEREF_ACTIVATE,
};

enum page_references page_check_references(struct page *page);
struct page *lru_to_page(struct list_head *page_list);
int split_huge_page_to_list(struct page *page, struct list_head *list);
unsigned int compound_nr(struct page *page);
bool PageTransHuge(struct page *page);
bool page_ref_freeze(struct page *page, int count);
void unlock_page(struct page *page);
struct lruvec *mem_cgroup_lruvec(struct mem_cgroup *memcg, pg_data_t *pgdat);
unsigned long lruvec_file_pages(struct lruvec *lruvec);

static unsigned int shrink_page_list(struct list_head *page_list,
				     struct pglist_data *pgdat,
				     struct scan_control *sc,
				     struct reclaim_stat *stat,
				     bool ignore_references)
{
	unsigned int nr_reclaimed = 0;

	while (!list_empty(page_list)) {
		struct page *page = lru_to_page(page_list);
		unsigned int nr_pages = compound_nr(page);

		sc->nr_scanned += nr_pages;
		switch (page_check_references(page)) {
		case PAGEREF_ACTIVATE:
			goto activate_locked;
		case PAGEREF_RECLAIM:
		case PAGEREF_RECLAIM_CLEAN:
			; /* goes on below */
		}
		if (!page_ref_freeze(page, 1))
			goto keep_locked;
free_it:
		nr_reclaimed += nr_pages;
		continue;
activate_locked:
keep_locked:
		unlock_page(page);
	}
	return nr_reclaimed;
}

static void shrink_node_memcgs(pg_data_t *pgdat, struct scan_control *sc)
{
	LIST_HEAD(pages);

	sc->nr_reclaimed += shrink_page_list(&pages, pgdat, sc, NULL, true);
}

static void shrink_node(pg_data_t *pgdat, struct scan_control *sc)
{
	struct lruvec *target_lruvec;
	bool reclaimable = false;
	unsigned long file;

	target_lruvec = mem_cgroup_lruvec(sc->target_mem_cgroup, pgdat);
	file = lruvec_file_pages(target_lruvec);
	shrink_node_memcgs(pgdat, sc);
	if (lruvec_file_pages(target_lruvec) != file)
		reclaimable = true;
	if (!reclaimable)
		sc->nr_scanned = 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: the two ends of reclaim, and what is not looked at. */
#include <linux/list.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mmzone.h>

#include "internal.h"

struct mm_walk {
	struct vm_area_struct *vma;
};

static inline bool vma_has_recency(struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_SEQ_READ | VM_RAND_READ));
}

static int should_skip_vma(unsigned long start, unsigned long end, struct mm_walk *args)
{
	struct vm_area_struct *vma = args->vma;

	if (!vma_has_recency(vma))
		return true;
	if (vma->vm_flags & (VM_LOCKED | VM_SPECIAL))
		return true;
	return end <= start;
}

struct reclaim_stat;

struct scan_control {
	unsigned long nr_to_reclaim, nr_reclaimed, nr_scanned;
	struct mem_cgroup *target_mem_cgroup;
	unsigned int may_unmap:1;
	unsigned int memcg_low_reclaim:1;
	unsigned int memcg_low_skipped:1;
	int reclaim_idx;
};

enum folio_references {
	FOLIOREF_RECLAIM,
	FOLIOREF_RECLAIM_CLEAN,
	FOLIOREF_ACTIVATE,
};

enum folio_references folio_check_references(struct folio *folio);
struct folio *lru_to_folio(struct list_head *folio_list);
int split_folio_to_list(struct folio *folio, struct list_head *list);
bool folio_test_large(const struct folio *folio);
bool folio_ref_freeze(struct folio *folio, int count);
void folio_unlock(struct folio *folio);

static unsigned int shrink_folio_list(struct list_head *folio_list,
		struct pglist_data *pgdat, struct scan_control *sc,
		struct reclaim_stat *stat, bool ignore_references)
{
	unsigned int nr_reclaimed = 0;

	while (!list_empty(folio_list)) {
		struct folio *folio = lru_to_folio(folio_list);
		unsigned int nr_pages = folio_nr_pages(folio);

		sc->nr_scanned += nr_pages;
		switch (folio_check_references(folio)) {
		case FOLIOREF_ACTIVATE:
			goto activate_locked;
		case FOLIOREF_RECLAIM:
		case FOLIOREF_RECLAIM_CLEAN:
			; /* goes on below */
		}
		if (!folio_ref_freeze(folio, 1))
			goto keep_locked;
free_it:
		nr_reclaimed += nr_pages;
		continue;
activate_locked:
keep_locked:
		folio_unlock(folio);
	}
	return nr_reclaimed;
}

static void shrink_node_memcgs(pg_data_t *pgdat, struct scan_control *sc)
{
	LIST_HEAD(folios);

	sc->nr_reclaimed += shrink_folio_list(&folios, pgdat, sc, NULL, true);
}

static void shrink_node(pg_data_t *pgdat, struct scan_control *sc)
{
	unsigned long before = sc->nr_reclaimed;
	bool reclaimable = false;

	shrink_node_memcgs(pgdat, sc);
	if (sc->nr_reclaimed != before)
		reclaimable = true;
	if (!reclaimable)
		sc->nr_scanned = 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_LEAFOPS_H
#define _LINUX_LEAFOPS_H

#include <linux/swapops.h>

/* An entry at the end of a page table walk that has no page. */
typedef swp_entry_t softleaf_t;

softleaf_t softleaf_from_pte(pte_t pte);
bool softleaf_is_marker(softleaf_t entry);
bool softleaf_is_hwpoison(softleaf_t entry);
bool softleaf_has_pfn(softleaf_t entry);
pte_marker softleaf_to_marker(softleaf_t entry);
struct page *softleaf_to_page(softleaf_t entry);

static inline bool softleaf_has_marker(softleaf_t entry, pte_marker marker)
{
	return softleaf_is_marker(entry) && (softleaf_to_marker(entry) & marker);
}

static inline bool softleaf_is_poison_marker(softleaf_t entry)
{
	return softleaf_has_marker(entry, PTE_MARKER_POISONED);
}

static inline bool softleaf_is_guard_marker(softleaf_t entry)
{
	return softleaf_has_marker(entry, PTE_MARKER_GUARD);
}

static inline bool pte_is_uffd_wp_marker(pte_t pte)
{
	return softleaf_has_marker(softleaf_from_pte(pte), PTE_MARKER_UFFD_WP);
}

#endif /* _LINUX_LEAFOPS_H */

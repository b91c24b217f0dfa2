/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SWAPOPS_H
#define _LINUX_SWAPOPS_H

#include <linux/mm.h>

typedef struct {
	unsigned long val;
} swp_entry_t;

/* What an entry that has no page remembers instead. */
typedef unsigned long pte_marker;

#define PTE_MARKER_POISONED	BIT(1)
#define PTE_MARKER_UFFD_WP	BIT(0)
#define PTE_MARKER_MASK	(BIT(2) - 1)

swp_entry_t pte_to_swp_entry(pte_t pte);
bool is_swap_pte(pte_t pte);
bool is_pte_marker_entry(swp_entry_t entry);
bool is_hwpoison_entry(swp_entry_t entry);
pte_marker pte_marker_get(swp_entry_t entry);
struct page *pfn_swap_entry_to_page(swp_entry_t entry);

static inline int is_poisoned_swp_entry(swp_entry_t entry)
{
	pte_marker marker = is_pte_marker_entry(entry) ? pte_marker_get(entry) : 0;

	return !!(marker & PTE_MARKER_POISONED);
}

#endif /* _LINUX_SWAPOPS_H */

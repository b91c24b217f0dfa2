/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SWAPOPS_H
#define _LINUX_SWAPOPS_H

#include <linux/mm.h>

typedef struct {
	unsigned long val;
} swp_entry_t;

/* What an entry that has no page remembers instead. */
typedef unsigned long pte_marker;

#define PTE_MARKER_GUARD	BIT(2)
#define PTE_MARKER_POISONED	BIT(1)
#define PTE_MARKER_UFFD_WP	BIT(0)
#define PTE_MARKER_MASK	(BIT(3) - 1)

#endif /* _LINUX_SWAPOPS_H */

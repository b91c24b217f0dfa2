/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SWAPOPS_H
#define _LINUX_SWAPOPS_H

#include <linux/mm.h>
#include <linux/swap.h>

typedef struct {
	unsigned long val;
} swp_entry_t;

bool is_swap_pte(pte_t pte);
swp_entry_t pte_to_swp_entry(pte_t pte);
pte_t swp_entry_to_pte(swp_entry_t entry);
bool is_device_private_entry(swp_entry_t entry);
bool is_hwpoison_entry(swp_entry_t entry);
bool is_migration_entry(swp_entry_t entry);
struct page *device_private_entry_to_page(swp_entry_t entry);
struct page *migration_entry_to_page(swp_entry_t entry);

/* The type is in the uppermost bits of the word. */
static inline unsigned swp_type(swp_entry_t entry)
{
	return entry.val >> (BITS_PER_LONG - MAX_SWAPFILES_SHIFT);
}

static inline swp_entry_t swp_entry(unsigned long type, pgoff_t offset)
{
	swp_entry_t entry = { offset };

	entry.val |= type << (BITS_PER_LONG - MAX_SWAPFILES_SHIFT);
	return entry;
}

#if defined(CONFIG_MEMORY_FAILURE) || defined(CONFIG_MIGRATION) || \
    defined(CONFIG_DEVICE_PRIVATE)
static inline int non_swap_entry(swp_entry_t entry)
{
	return !(swp_type(entry) < MAX_SWAPFILES);
}
#else
static inline int non_swap_entry(swp_entry_t entry)
{
	return false;
}
#endif

#endif /* _LINUX_SWAPOPS_H */

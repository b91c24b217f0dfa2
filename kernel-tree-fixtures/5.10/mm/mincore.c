// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: which pages of a range are in memory. */
#include <linux/mm.h>
#include <linux/pagewalk.h>
#include <linux/swapops.h>

static int mincore_pte_range(pmd_t *pmd, unsigned long addr, unsigned long end,
			struct mm_walk *walk)
{
	unsigned char *vec = walk->private;
	pte_t *start, *pte;
	spinlock_t *ptl;

	start = pte_offset_map_lock(walk->mm, pmd, addr, &ptl);
	for (pte = start; addr < end; pte++, vec++, addr += PAGE_SIZE) {
		*vec = pte_present(*pte);
		if (is_swap_pte(*pte)) {
			swp_entry_t entry = pte_to_swp_entry(*pte);

			if (non_swap_entry(entry)) {
				*vec = true;
			}
		}
	}
	pte_unmap_unlock(start, ptl);
	walk->private = vec;
	return 0;
}

const struct mm_walk_ops mincore_ops = {
	.pmd_entry = mincore_pte_range,
};

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_PGTABLE_H
#define _LINUX_PGTABLE_H

#include <linux/mm_types.h>
#include <linux/mmzone.h>

typedef struct {
	unsigned long pte;
} pte_t;

typedef struct {
	unsigned long pmd;
} pmd_t;

pte_t ptep_get(const pte_t *ptep);
bool pte_none(pte_t pte);
bool pte_present(pte_t pte);
bool pte_same(pte_t one, pte_t other);
void pte_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep);
pte_t *pte_offset_map_lock(struct mm_struct *mm, pmd_t *pmd, unsigned long addr,
			   spinlock_t **ptl);
void pte_unmap_unlock(pte_t *pte, spinlock_t *ptl);

#ifdef CONFIG_MMU
extern unsigned long the_zero_pfn;

static inline int is_zero_pfn(unsigned long pfn)
{
	return pfn == the_zero_pfn;
}
#else
static inline int is_zero_pfn(unsigned long pfn)
{
	return 0;
}
#endif /* CONFIG_MMU */

#endif /* _LINUX_PGTABLE_H */

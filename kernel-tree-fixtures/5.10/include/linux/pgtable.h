/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_PGTABLE_H
#define _LINUX_PGTABLE_H

#include <linux/mmzone.h>

extern struct page *empty_zero_page;
unsigned long page_to_pfn(const struct page *page);

#define ZERO_PAGE(vaddr)	(empty_zero_page)

#ifdef __HAVE_COLOR_ZERO_PAGE
static inline int is_zero_pfn(unsigned long pfn)
{
	return pfn == page_to_pfn(ZERO_PAGE(0)) || pfn == page_to_pfn(ZERO_PAGE(1));
}

#define my_zero_pfn(addr)	page_to_pfn(ZERO_PAGE(addr))

#else
static inline int is_zero_pfn(unsigned long pfn)
{
	return pfn == page_to_pfn(ZERO_PAGE(0));
}

static inline unsigned long my_zero_pfn(unsigned long addr)
{
	return page_to_pfn(ZERO_PAGE(addr));
}
#endif

typedef struct {
	unsigned long word;
} pte_t, pmd_t, pud_t;

bool pte_none(pte_t pte);
bool pte_present(pte_t pte);
bool pte_same(pte_t one, pte_t other);
void pte_clear_not_present_full(struct mm_struct *mm, unsigned long addr,
				pte_t *ptep, int full);
pte_t *pte_offset_map_lock(struct mm_struct *mm, pmd_t *pmd, unsigned long addr,
			   spinlock_t **ptl);
void pte_unmap_unlock(pte_t *pte, spinlock_t *ptl);

static inline int pmd_trans_unstable(pmd_t *pmd)
{
	return 0;
}

#endif /* _LINUX_PGTABLE_H */

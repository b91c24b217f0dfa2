/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __MM_INTERNAL_H
#define __MM_INTERNAL_H

#include <linux/mm.h>

bool PageHuge(struct page *page);
int isolate_hugetlb(struct page *page, struct list_head *list);
extern int isolate_lru_page(struct page *page);
void lru_add_drain_all(void);
bool PageLRU(const struct page *page);

#ifdef CONFIG_MMU
extern int sysctl_max_map_count;

/* Faults the pages of a range in, as mlock() promises. */
extern long populate_vma_page_range(struct vm_area_struct *vma,
		unsigned long start, unsigned long end, int *nonblocking);
extern void munlock_vma_pages_range(struct vm_area_struct *vma,
		unsigned long start, unsigned long end);

static inline void munlock_vma_pages_all(struct vm_area_struct *vma)
{
	munlock_vma_pages_range(vma, vma->vm_start, vma->vm_end);
}
#else
static inline void munlock_vma_pages_all(struct vm_area_struct *vma)
{
}
#endif /* CONFIG_MMU */

#endif /* __MM_INTERNAL_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __MM_INTERNAL_H
#define __MM_INTERNAL_H

#include <linux/memcontrol.h>
#include <linux/mm.h>

unsigned long folio_nr_pages(const struct folio *folio);
unsigned long folio_pfn(const struct folio *folio);
unsigned long page_to_pfn(const struct page *page);
bool folio_isolate(struct folio *folio, struct list_head *list);
int folio_ref_count(const struct folio *folio);
int folio_expected_ref_count(const struct folio *folio);
void lru_add_drain_all(void);
bool folio_isolate_lru(struct folio *folio);

#include "vma.h"

#ifdef CONFIG_MMU
extern const struct vm_operations_struct vma_dummy_vm_ops;
extern int sysctl_max_map_count;

/* Faults the pages of a range in, as mlock() promises. */
extern long populate_vma_page_range(struct vm_area_struct *vma,
		unsigned long start, unsigned long end, int *locked);
bool mlock_future_ok(const struct mm_struct *mm, bool is_vma_locked,
		unsigned long bytes);
void mlock_vma_pages_range(struct vm_area_struct *vma, unsigned long start,
		unsigned long end, vma_flags_t *new_vma_flags);

static inline void vma_close(struct vm_area_struct *vma)
{
	const struct vm_operations_struct *ops = vma->vm_ops;

	vma->vm_ops = &vma_dummy_vm_ops;
	if (ops && ops->close)
		ops->close(vma);
}

static inline bool vma_supports_mlock(const struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_SPECIAL)
		return false;
	return !is_vm_hugetlb_page(vma) && !vma_is_dax(vma) &&
	       vma != get_gate_vma(vma->vm_mm);
}
#else
static inline void vma_close(struct vm_area_struct *vma)
{
	vma->vm_ops = NULL;
}
#endif /* CONFIG_MMU */

#endif /* __MM_INTERNAL_H */

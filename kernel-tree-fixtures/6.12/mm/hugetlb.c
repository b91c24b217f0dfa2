// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "internal.h"

struct hstate {
	struct folio *freelist[4];
};

static struct folio *dequeue_hugetlb_folio_node_exact(struct hstate *h,
								int nid)
{
	bool pin = current->flags & PF_MEMALLOC_PIN;
	int i;

	for (i = 0; i < 4; i++) {
		struct folio *folio = h->freelist[(nid + i) % 4];

		if (pin && !folio_is_longterm_pinnable(folio))
			continue;
		if (folio)
			return folio;
	}
	return NULL;
}

typedef unsigned int zap_flags_t;

struct mmu_gather {
	struct mm_struct *mm;
};

void __unmap_hugepage_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
			    unsigned long start, unsigned long end,
			    struct page *ref_page, zap_flags_t zap_flags);

void unmap_hugepage_range(struct vm_area_struct *vma, unsigned long start,
			  unsigned long end, struct page *ref_page,
			  zap_flags_t zap_flags)
{
	struct mmu_gather tlb = { vma->vm_mm };

	__unmap_hugepage_range(&tlb, vma, start, end, ref_page, zap_flags);
}

void set_huge_pte(struct vm_area_struct *vma, void *ptep, unsigned long addr,
		  struct folio *folio);

static void
hugetlb_install_folio(struct vm_area_struct *vma, pte_t *ptep, unsigned long addr,
		      struct folio *new_folio, pte_t old, unsigned long sz)
{
	set_huge_pte(vma, ptep, addr, new_folio);
}

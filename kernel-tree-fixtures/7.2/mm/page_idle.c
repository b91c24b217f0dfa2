// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

struct page_vma_mapped_walk {
	unsigned long address;
	void *pte, *pmd;
};

struct folio;

bool page_vma_mapped_walk(struct page_vma_mapped_walk *pvmw);
bool clear_young(void *entry, unsigned long addr);
void mark_used(struct folio *folio);

static bool page_idle_clear_pte_refs_one(struct folio *folio,
					struct vm_area_struct *vma,
					unsigned long addr, void *arg)
{
	struct page_vma_mapped_walk pvmw = { .address = addr };
	bool referenced = false;

	while (page_vma_mapped_walk(&pvmw)) {
		addr = pvmw.address;
		if (pvmw.pte) {
			referenced |= clear_young(pvmw.pte, addr);
		} else {
			referenced |= clear_young(pvmw.pmd, addr);
		}
	}
	if (referenced)
		mark_used(folio);
	return true;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

bool pte_young(pte_t entry);
void mark_idle(struct mm_struct *mm, unsigned long addr, bool referenced);

static void damon_hugetlb_mkold(pte_t *pte, struct mm_struct *mm,
				struct vm_area_struct *vma, unsigned long addr)
{
	pte_t entry = *pte;
	bool referenced = false;

	if (pte_young(entry)) {
		referenced = true;
		pte->pte = 0;
	}
	mark_idle(mm, addr, referenced);
}

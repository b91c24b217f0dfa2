// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

bool pte_young(pte_t entry);

static bool damon_hugetlb_ptep_mkold(pte_t *pte, struct mm_struct *mm,
		struct vm_area_struct *vma, unsigned long addr, pte_t *entry)
{
	if (!pte_young(*entry))
		return false;
	*entry = *pte;
	pte->pte = 0;
	return true;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

typedef struct {
	unsigned long word;
} pte_t;

bool pte_young(pte_t entry);

static bool damon_hugetlb_ptep_mkold(pte_t *pte, struct mm_struct *mm,
		struct vm_area_struct *vma, unsigned long addr, pte_t *entry)
{
	if (!pte_young(*entry))
		return false;
	*entry = *pte;
	pte->word = 0;
	return true;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

bool ptep_clear_young_notify(struct vm_area_struct *vma, unsigned long addr, pte_t *pte);
bool pmdp_clear_young_notify(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmd);
void mark_young(unsigned long word);

void damon_ptep_mkold(pte_t *pte, struct vm_area_struct *vma, unsigned long addr)
{
	if (ptep_clear_young_notify(vma, addr, pte))
		mark_young(pte->pte);
}

void damon_pmdp_mkold(pmd_t *pmd, struct vm_area_struct *vma, unsigned long addr)
{
	if (pmdp_clear_young_notify(vma, addr, pmd))
		mark_young(pmd->pmd);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

#define PAGE_ALIGN_DOWN(addr)	((addr) & PAGE_MASK)

bool pmd_present(pmd_t entry);
bool ptep_test_and_clear_young(struct vm_area_struct *vma, unsigned long addr, pte_t *pte);
bool pmdp_test_and_clear_young(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmd);
void mark_young(unsigned long word, bool young);

void damon_ptep_mkold(pte_t *pte, struct vm_area_struct *vma, unsigned long addr)
{
	pte_t pteval = *pte;
	bool young = false;

	if (likely(pte_present(pteval)))
		/*
		 * Arch implementation of ptep_test_and_clear_young() may
		 * require aligned @addr
		 */
		young |= ptep_test_and_clear_young(vma, PAGE_ALIGN_DOWN(addr),
				pte);
	mark_young(pteval.pte, young);
}

void damon_pmdp_mkold(pmd_t *pmd, struct vm_area_struct *vma, unsigned long addr)
{
	pmd_t pmdval = *pmd;
	bool young = false;

	if (likely(pmd_present(pmdval)))
		young |= pmdp_test_and_clear_young(vma, addr, pmd);
	mark_young(pmdval.pmd, young);
}

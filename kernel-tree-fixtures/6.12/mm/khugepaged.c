// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

#define HPAGE_PMD_SIZE	(PAGE_SIZE * 512)

enum scan_result {
	SCAN_FAIL,
	SCAN_SUCCEED,
	SCAN_VMA_NULL,
	SCAN_VMA_CHECK,
};

struct collapse_control {
	bool is_khugepaged;
};

static inline bool range_in_vma(struct vm_area_struct *vma,
				unsigned long start, unsigned long end)
{
	return vma->vm_start <= start && end <= vma->vm_end;
}

static int hugepage_vma_revalidate(struct mm_struct *mm, unsigned long address,
				   bool expect_anon,
				   struct vm_area_struct **vmap,
				   struct collapse_control *cc)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	*vmap = vma;
	if (!vma)
		return SCAN_VMA_NULL;
	return expect_anon && !vma->anon_vma ? SCAN_FAIL : SCAN_SUCCEED;
}

int collapse_pte_mapped_thp(struct mm_struct *mm, unsigned long addr,
			    bool install_pmd)
{
	unsigned long haddr = addr & ~(HPAGE_PMD_SIZE - 1);
	struct vm_area_struct *vma = vma_lookup(mm, haddr);

	if (!vma ||
	    !range_in_vma(vma, haddr, haddr + HPAGE_PMD_SIZE))
		return SCAN_VMA_CHECK;
	return install_pmd ? SCAN_SUCCEED : SCAN_FAIL;
}

int madvise_collapse(struct vm_area_struct *vma, struct vm_area_struct **prev,
		     unsigned long start, unsigned long end)
{
	*prev = vma;
	return start < end ? collapse_pte_mapped_thp(vma->vm_mm, start, true) : 0;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "internal.h"

struct mmu_gather {
	struct mm_struct *mm;
};

struct zap_details {
	bool skip_cows;
	bool reaping;
};

void uprobe_munmap(struct vm_area_struct *vma, unsigned long start,
		   unsigned long end);
void unmap_page_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
		      unsigned long addr, unsigned long end,
		      struct zap_details *details);

static inline bool should_zap_cows(struct zap_details *details)
{
	return !details || !details->skip_cows;
}

static void __zap_vma_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
		unsigned long start, unsigned long end,
		struct zap_details *details)
{
	bool reaping = details && details->reaping;

	if (vma->vm_file && !reaping)
		uprobe_munmap(vma, start, end);
	unmap_page_range(tlb, vma, start, end, details);
}

typedef unsigned int vm_fault_t;

struct pt_regs;

vm_fault_t hugetlb_fault(struct mm_struct *mm, struct vm_area_struct *vma,
			 unsigned long address, unsigned int flags);

static vm_fault_t __handle_mm_fault(struct vm_area_struct *vma,
				    unsigned long address, unsigned int flags)
{
	return vma->vm_start > address ? flags : 0;
}

vm_fault_t handle_mm_fault(struct vm_area_struct *vma, unsigned long address,
			   unsigned int flags, struct pt_regs *regs)
{
	vm_fault_t ret;

	if (is_vm_hugetlb_page(vma))
		ret = hugetlb_fault(vma->vm_mm, vma, address, flags);
	else
		ret = __handle_mm_fault(vma, address, flags);
	return ret;
}

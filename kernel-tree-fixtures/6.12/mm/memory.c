// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

#include "internal.h"

struct mmu_gather {
	struct mm_struct *mm;
};

struct zap_details {
	bool even_cows;
};

void uprobe_munmap(struct vm_area_struct *vma, unsigned long start,
		   unsigned long end);
void unmap_page_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
		      unsigned long addr, unsigned long end,
		      struct zap_details *details);

static inline bool should_zap_cows(struct zap_details *details)
{
	return !details || details->even_cows;
}

static void unmap_single_vma(struct mmu_gather *tlb,
		struct vm_area_struct *vma, unsigned long start_addr,
		unsigned long end_addr,
		struct zap_details *details, bool mm_wr_locked)
{
	unsigned long start = max(vma->vm_start, start_addr);
	unsigned long end = min(vma->vm_end, end_addr);

	if (vma->vm_file)
		uprobe_munmap(vma, start, end);
	unmap_page_range(tlb, vma, start, end, details);
}

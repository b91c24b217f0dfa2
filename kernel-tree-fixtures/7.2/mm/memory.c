// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

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

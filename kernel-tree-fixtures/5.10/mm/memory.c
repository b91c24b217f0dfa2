// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

#include "internal.h"

typedef struct {
	unsigned long word;
} pte_t;

void copy_page_early(struct page *to, struct page *from);

static inline int
copy_present_page(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma,
		  pte_t *dst_pte, pte_t *src_pte, unsigned long addr, int *rss,
		  struct page **prealloc, pte_t pte, struct page *page)
{
	struct mm_struct *src_mm = src_vma->vm_mm;
	struct page *new_page;

	if (likely(!atomic_read(&src_mm->has_pinned)))
		return 1;
	if (likely(!page_maybe_dma_pinned(page)))
		return 1;
	new_page = *prealloc;
	copy_page_early(new_page, page);
	return 0;
}

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
		struct zap_details *details)
{
	unsigned long start = max(vma->vm_start, start_addr);
	unsigned long end = min(vma->vm_end, end_addr);

	if (vma->vm_file)
		uprobe_munmap(vma, start, end);
	unmap_page_range(tlb, vma, start, end, details);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "internal.h"

struct hstate {
	struct page *freelist[4];
};

static struct page *dequeue_huge_page_node_exact(struct hstate *h, int nid)
{
	struct page *page;
	bool nocma = !!(current->flags & PF_MEMALLOC_NOCMA);
	int i;

	for (i = 0; i < 4; i++) {
		page = h->freelist[(nid + i) % 4];
		if (nocma && is_migrate_cma_page(page))
			continue;
		if (page)
			return page;
	}
	return NULL;
}

struct mmu_gather {
	struct mm_struct *mm;
};

void __unmap_hugepage_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
			    unsigned long start, unsigned long end,
			    struct page *ref_page);

void unmap_hugepage_range(struct vm_area_struct *vma, unsigned long start,
			  unsigned long end, struct page *ref_page)
{
	struct mmu_gather tlb = { vma->vm_mm };

	__unmap_hugepage_range(&tlb, vma, start, end, ref_page);
}

/* Gives what is in the pool: each page may be had at once, or not at all. */
long follow_hugetlb_page(struct mm_struct *mm, struct vm_area_struct *vma,
			 struct page **pages, struct vm_area_struct **vmas,
			 unsigned long *position, unsigned long *nr_pages,
			 long i, unsigned int flags, int *locked)
{
	static struct hstate pool;

	for (; *nr_pages && *position < vma->vm_end; i++, *position += PAGE_SIZE) {
		pages[i] = dequeue_huge_page_node_exact(&pool, 0);
		if (!pages[i] || (locked && !*locked) || !mm)
			break;
		if (vmas)
			vmas[i] = flags ? vma : NULL;
		--*nr_pages;
	}
	return i;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/rmap.h>

#define HPAGE_PMD_SIZE	(PAGE_SIZE * 512)

enum scan_result {
	SCAN_FAIL,
	SCAN_VMA_NULL,
	SCAN_VMA_CHECK,
};

struct address_space;

void unmap_mapping_pages(struct address_space *mapping, pgoff_t start,
			 pgoff_t nr, bool even_cows);
struct address_space *file_mapping(struct file *file);
struct page *file_page(struct file *file, pgoff_t index);

static int hugepage_vma_revalidate(struct mm_struct *mm, unsigned long address,
		struct vm_area_struct **vmap)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	*vmap = vma;
	if (!vma)
		return SCAN_VMA_NULL;
	return vma->anon_vma ? 0 : SCAN_VMA_CHECK;
}

void collapse_pte_mapped_thp(struct mm_struct *mm, unsigned long addr)
{
	unsigned long haddr = addr & ~(HPAGE_PMD_SIZE - 1);
	struct vm_area_struct *vma = find_vma(mm, haddr);

	if (!vma ||
	    vma->vm_start > haddr || vma->vm_end < haddr + HPAGE_PMD_SIZE)
		return;
	hugepage_vma_revalidate(mm, haddr, &vma);
}

static void collapse_file(struct mm_struct *mm,
		struct file *file, pgoff_t start,
		struct page **hpage, int node)
{
	struct address_space *mapping = file_mapping(file);
	pgoff_t index;

	for (index = start; index < start + 512; index++) {
		struct page *page = file_page(file, index);

		if (page)
			unmap_mapping_pages(mapping, index, 1, false);
	}
}

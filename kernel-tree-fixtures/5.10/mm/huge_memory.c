// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/rmap.h>

#define VM_WARN_ON_ONCE_PAGE(condition, page)	WARN_ON(condition)

struct page *pmd_page(pmd_t pmd);
struct page *pud_page(pud_t pud);
bool page_mapped(struct page *page);

static inline bool is_cow_mapping(unsigned long flags)
{
	return (flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

int copy_huge_pmd(struct mm_struct *dst_mm, struct mm_struct *src_mm,
		  pmd_t *dst_pmd, pmd_t *src_pmd, unsigned long addr,
		  struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma)
{
	struct page *src_page = pmd_page(*src_pmd);

	if (unlikely(is_cow_mapping(src_vma->vm_flags) &&
		     atomic_read(&src_mm->has_pinned) &&
		     page_maybe_dma_pinned(src_page))) {
		return -EAGAIN;
	}
	*dst_pmd = *src_pmd;
	return 0;
}

int copy_huge_pud(struct mm_struct *dst_mm, struct mm_struct *src_mm,
		  pud_t *dst_pud, pud_t *src_pud, unsigned long addr,
		  struct vm_area_struct *vma)
{
	pud_t pud = *src_pud;

	if (unlikely(is_cow_mapping(vma->vm_flags) &&
		     atomic_read(&src_mm->has_pinned) &&
		     page_maybe_dma_pinned(pud_page(pud)))) {
		return -EAGAIN;
	}
	*dst_pud = pud;
	return 0;
}

static void unmap_page(struct page *page)
{
	enum ttu_flags ttu_flags = TTU_IGNORE_MLOCK;

	try_to_unmap(page, ttu_flags);

	VM_WARN_ON_ONCE_PAGE(page_mapped(page), page);
}

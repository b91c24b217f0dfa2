// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/swapops.h>

#include "internal.h"

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
	unsigned int fullmm : 1;
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

bool free_swap_and_cache(swp_entry_t entry);

static unsigned long zap_pte_range(struct mmu_gather *tlb,
				struct vm_area_struct *vma, pmd_t *pmd,
				unsigned long addr, unsigned long end,
				struct zap_details *details)
{
	struct mm_struct *mm = tlb->mm;
	spinlock_t *ptl;
	pte_t *pte = pte_offset_map_lock(mm, pmd, addr, &ptl);
	long swapped = 0;

	for (; addr < end; pte++, addr += PAGE_SIZE) {
		swp_entry_t entry = pte_to_swp_entry(*pte);

		if (!non_swap_entry(entry)) {
			swapped++;
		}
		if (free_swap_and_cache(entry))
			pte_clear_not_present_full(mm, addr, pte, tlb->fullmm);
	}
	pte_unmap_unlock(pte - 1, ptl);
	vm_unacct_memory(swapped);
	return end;
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

typedef unsigned int vm_fault_t;

#define VM_FAULT_SIGBUS		2
#define VM_FAULT_WRITE		8
#define VM_FAULT_HWPOISON	0x10

struct vm_fault {
	struct vm_area_struct *vma;
	unsigned long address;
	pmd_t *pmd;
	pte_t orig_pte, *pte;
	spinlock_t *ptl;
	struct page *page;
};

vm_fault_t swap_page_in(struct vm_fault *vmf, swp_entry_t entry);

vm_fault_t do_swap_page(struct vm_fault *vmf)
{
	swp_entry_t entry = pte_to_swp_entry(vmf->orig_pte);
	vm_fault_t ret = 0;

	if (non_swap_entry(entry)) {
		if (is_hwpoison_entry(entry)) {
			ret = VM_FAULT_HWPOISON;
		} else {
			ret = VM_FAULT_SIGBUS;
		}
		return ret;
	}
	return swap_page_in(vmf, entry);
}

void wp_page_reuse(struct vm_fault *vmf);
vm_fault_t wp_page_copy(struct vm_fault *vmf);
bool PageKsm(struct page *page);
int page_mapcount(struct page *page);
bool is_only_reference(struct page *page);

static vm_fault_t do_wp_page(struct vm_fault *vmf)
	__releases(vmf->ptl)
{
	struct vm_area_struct *vma = vmf->vma;

	if (!(vma->vm_flags & VM_SHARED)) {
		struct page *page = vmf->page;

		if (!is_only_reference(page))
			return wp_page_copy(vmf);
	}
	wp_page_reuse(vmf);
	return 0;
}

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

// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: entries that are markers, and where memory is zapped. */
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/sched/mm.h>

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

typedef unsigned int vm_fault_t;

#define VM_FAULT_SIGBUS		2
#define VM_FAULT_HWPOISON	0x10

struct vm_fault {
	struct vm_area_struct *vma;
	unsigned long address;
	pmd_t *pmd;
	pte_t orig_pte, *pte;
	spinlock_t *ptl;
	struct page *page;
};

static unsigned long zap_pte_range(struct mmu_gather *tlb,
				struct vm_area_struct *vma, pmd_t *pmd,
				unsigned long addr, unsigned long end,
				struct zap_details *details)
{
	spinlock_t *ptl;
	pte_t *pte = pte_offset_map_lock(vma->vm_mm, pmd, addr, &ptl);

	for (; addr < end; addr += PAGE_SIZE) {
		swp_entry_t entry = pte_to_swp_entry(ptep_get(pte));

		if (is_pte_marker_entry(entry) && userfaultfd_wp(vma)) {
			continue;
		} else if (is_hwpoison_entry(entry) ||
			   is_poisoned_swp_entry(entry)) {
			if (details)
				continue;
		}
		pte_clear(vma->vm_mm, addr, pte);
	}
	pte_unmap_unlock(pte, ptl);
	return addr;
}

/* Does so only if nobody was faster. */
static vm_fault_t pte_marker_clear(struct vm_fault *vmf)
{
	struct mm_struct *mm = vmf->vma->vm_mm;

	vmf->pte = pte_offset_map_lock(mm, vmf->pmd, vmf->address, &vmf->ptl);
	if (vmf->pte) {
		if (pte_same(ptep_get(vmf->pte), vmf->orig_pte))
			pte_clear(mm, vmf->address, vmf->pte);
		pte_unmap_unlock(vmf->pte, vmf->ptl);
	}
	return 0;
}

static vm_fault_t handle_pte_marker(struct vm_fault *vmf)
{
	pte_marker marker = pte_marker_get(pte_to_swp_entry(vmf->orig_pte));

	if (marker & PTE_MARKER_POISONED)
		return VM_FAULT_HWPOISON;
	return pte_marker_clear(vmf);
}

void wp_page_reuse(struct vm_fault *vmf);
vm_fault_t wp_page_copy(struct vm_fault *vmf);
bool PageAnonExclusive(struct page *page);

static vm_fault_t do_wp_page(struct vm_fault *vmf)
	__releases(vmf->ptl)
{
	if (!PageAnonExclusive(vmf->page))
		return wp_page_copy(vmf);
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

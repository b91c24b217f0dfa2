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

static inline int zap_nonpresent_ptes(struct mmu_gather *tlb,
		struct vm_area_struct *vma, pte_t *pte, pte_t ptent,
		unsigned int max_nr, unsigned long addr,
		struct zap_details *details, int *rss, bool *any_skipped)
{
	softleaf_t entry = softleaf_from_pte(ptent);

	*any_skipped = true;
	if (softleaf_is_guard_marker(entry)) {
		if (!details)
			return 1;
	} else if (softleaf_is_hwpoison(entry) ||
		   softleaf_is_poison_marker(entry)) {
		if (details)
			return 1;
	}
	pte_clear(vma->vm_mm, addr, pte);
	return 1;
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
	const softleaf_t entry = softleaf_from_pte(vmf->orig_pte);
	const pte_marker marker = softleaf_to_marker(entry);

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

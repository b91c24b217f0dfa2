// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

#include "internal.h"

struct mmu_gather;

int
mprotect_fixup(struct vma_iterator *vmi, struct mmu_gather *tlb,
	       struct vm_area_struct *vma, struct vm_area_struct **pprev,
	       unsigned long start, unsigned long end, vm_flags_t newflags)
{
	vma_flags_t new_vma_flags = legacy_to_vma_flags(newflags);
	vma_flags_t old_vma_flags = vma->flags;

	vm_flags_init(vma, newflags);
	/*
	 * Private VM_LOCKED VMA becoming writable: trigger COW to avoid major
	 * fault on access.
	 */
	if (vma_flags_test(&new_vma_flags, VMA_WRITE_BIT) &&
	    vma_flags_test(&old_vma_flags, VMA_LOCKED_BIT) &&
	    !vma_flags_test_any(&old_vma_flags, VMA_WRITE_BIT, VMA_SHARED_BIT))
		populate_vma_page_range(vma, start, end, NULL);
	*pprev = vma;
	return 0;
}

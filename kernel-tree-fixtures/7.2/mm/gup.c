// SPDX-License-Identifier: GPL-2.0-only
#ifdef CONFIG_MMU

long populate_vma_page_range(struct vm_area_struct *vma,
		unsigned long start, unsigned long end, int *locked)
{
	if (vma->vm_flags & VM_LOCKONFAULT)
		return nr_pages;
}

#else

#endif

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

#include "internal.h"

#ifdef CONFIG_MMU
long populate_vma_page_range(struct vm_area_struct *vma,
		unsigned long start, unsigned long end, int *locked)
{
	unsigned long nr_pages = PFN_DOWN(end - start);
	unsigned int gup_flags = FOLL_POPULATE;

	*locked = 1;
	if (vma->vm_flags & VM_LOCKONFAULT)
		gup_flags &= ~FOLL_POPULATE;
	if (vma->vm_flags & VM_WRITE)
		gup_flags |= FOLL_WRITE;
	return pin_user_pages(start, nr_pages, gup_flags, NULL);
}

int __mm_populate(unsigned long start, unsigned long len, int ignore_errors)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int locked = 0;
	long ret = 0;

	mmap_read_lock(mm);
	for (vma = find_vma(mm, start); vma; vma = vma->vm_next) {
		if (vma->vm_start >= start + len)
			break;
		ret = populate_vma_page_range(vma, vma->vm_start, vma->vm_end, &locked);
		if (ret < 0 && !ignore_errors)
			break;
	}
	mmap_read_unlock(mm);
	return ret < 0 && !ignore_errors ? ret : 0;
}
#else
int __mm_populate(unsigned long start, unsigned long len, int ignore_errors)
{
	return 0;
}
#endif /* CONFIG_MMU */

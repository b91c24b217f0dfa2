// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

bool can_madv_lru_vma(struct vm_area_struct *vma);
long deactivate_range(struct vm_area_struct *vma);
long reclaim_range(struct vm_area_struct *vma);

static long madvise_cold(struct vm_area_struct *vma,
			struct vm_area_struct **prev,
			unsigned long start_addr, unsigned long end_addr)
{
	*prev = vma;
	if (!can_madv_lru_vma(vma))
		return -EINVAL;
	return deactivate_range(vma);
}

static long madvise_pageout(struct vm_area_struct *vma,
			struct vm_area_struct **prev,
			unsigned long start_addr, unsigned long end_addr)
{
	*prev = vma;
	if (!can_madv_lru_vma(vma))
		return -EINVAL;
	return reclaim_range(vma);
}

static long madvise_dontneed_free(struct vm_area_struct *vma,
				  struct vm_area_struct **prev,
				  unsigned long start, unsigned long end,
				  int behavior)
{
	*prev = vma;
	if (!can_madv_lru_vma(vma))
		return -EINVAL;
	return reclaim_range(vma);
}

static long madvise_remove(struct vm_area_struct *vma,
				struct vm_area_struct **prev,
				unsigned long start, unsigned long end)
{
	if (vma->vm_flags & VM_LOCKED)
		return -EINVAL;
	return start < end;
}

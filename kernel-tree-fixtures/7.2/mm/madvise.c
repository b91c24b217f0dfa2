// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

struct madvise_behavior {
	struct mm_struct *mm;
	struct vm_area_struct *vma;
	int behavior;
};

#define MADV_DONTNEED_LOCKED	24

bool can_madv_lru_vma(struct vm_area_struct *vma);
long deactivate_range(struct vm_area_struct *vma);
long reclaim_range(struct vm_area_struct *vma);

static long madvise_cold(struct madvise_behavior *madv_behavior)
{
	struct vm_area_struct *vma = madv_behavior->vma;

	if (!can_madv_lru_vma(vma))
		return -EINVAL;
	return deactivate_range(vma);
}

static long madvise_pageout(struct madvise_behavior *madv_behavior)
{
	struct vm_area_struct *vma = madv_behavior->vma;

	if (!can_madv_lru_vma(vma))
		return -EINVAL;
	return reclaim_range(vma);
}

static
bool madvise_dontneed_free_valid_vma(struct madvise_behavior *madv_behavior)
{
	struct vm_area_struct *vma = madv_behavior->vma;
	int behavior = madv_behavior->behavior;

	if (!is_vm_hugetlb_page(vma)) {
		if (behavior == MADV_DONTNEED_LOCKED)
			return true;
		return !(vma->vm_flags & VM_LOCKED);
	}
	return true;
}

static long madvise_remove(struct madvise_behavior *madv_behavior)
{
	struct vm_area_struct *vma = madv_behavior->vma;

	if (vma->vm_flags & VM_LOCKED)
		return -EINVAL;
	return 0;
}

static bool is_valid_guard_vma(struct vm_area_struct *vma, bool allow_locked)
{
	vm_flags_t disallowed = VM_IO;

	if (!allow_locked)
		disallowed |= VM_LOCKED;
	return !(vma->vm_flags & disallowed);
}

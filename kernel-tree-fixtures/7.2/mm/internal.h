/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __MM_INTERNAL_H

#ifdef CONFIG_MMU

extern long populate_vma_page_range(struct vm_area_struct *vma,
		unsigned long start, unsigned long end, int *locked);

bool mlock_future_ok(const struct mm_struct *mm, bool is_vma_locked,
		unsigned long bytes);

static inline bool vma_supports_mlock(const struct vm_area_struct *vma)
{
}

#else

#endif

#endif

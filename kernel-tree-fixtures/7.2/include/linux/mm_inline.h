/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_INLINE_H
#define _LINUX_MM_INLINE_H

#include <linux/leafops.h>

bool userfaultfd_wp(const struct vm_area_struct *vma);

/* What a child gets of a marker, or nothing. */
static inline pte_marker copy_pte_marker(
		softleaf_t entry, struct vm_area_struct *dst_vma)
{
	const pte_marker srcm = softleaf_to_marker(entry);
	pte_marker dstm = srcm & (PTE_MARKER_POISONED | PTE_MARKER_GUARD);

	if (userfaultfd_wp(dst_vma))
		dstm |= srcm & PTE_MARKER_UFFD_WP;
	return dstm;
}

#endif /* _LINUX_MM_INLINE_H */

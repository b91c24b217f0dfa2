/* SPDX-License-Identifier: GPL-2.0-only */
static inline void vma_close(struct vm_area_struct *vma)
{
}

static inline bool vma_supports_mlock(const struct vm_area_struct *vma)
{
}

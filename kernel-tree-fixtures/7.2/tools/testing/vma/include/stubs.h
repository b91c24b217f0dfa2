/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests never need the effect of. */
static inline void vma_close(struct vm_area_struct *vma)
{
	if (vma->vm_ops && vma->vm_ops->close)
		vma->vm_ops->close(vma);
}

static inline bool vma_supports_mlock(const struct vm_area_struct *vma)
{
	return vma->vm_ops == (void *)0;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

struct userfaultfd_ctx;

static int validate_move_areas(struct userfaultfd_ctx *ctx,
			       struct vm_area_struct *src_vma,
			       struct vm_area_struct *dst_vma)
{
	if ((src_vma->vm_flags & VM_LOCKED) != (dst_vma->vm_flags & VM_LOCKED))
		return -EINVAL;

	return ctx && src_vma->anon_vma ? 0 : -EINVAL;
}

ssize_t move_pages(struct userfaultfd_ctx *ctx,
		   struct vm_area_struct *src_vma,
		   struct vm_area_struct *dst_vma, unsigned long len)
{
	return validate_move_areas(ctx, src_vma, dst_vma) ? 0 : len;
}

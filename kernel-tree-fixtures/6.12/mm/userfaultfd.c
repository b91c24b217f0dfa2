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

ssize_t move_pages(struct userfaultfd_ctx *ctx, unsigned long dst_start,
		   unsigned long src_start, unsigned long len, __u64 mode)
{
	return ctx && dst_start != src_start && !mode ? len : 0;
}

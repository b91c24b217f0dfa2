// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: who may be registered, and what may be moved. */
#include <linux/mm.h>
#include <linux/userfaultfd_k.h>

struct userfaultfd_ctx;

static int validate_move_areas(struct userfaultfd_ctx *ctx,
			       struct vm_area_struct *src_vma,
			       struct vm_area_struct *dst_vma)
{
	if ((src_vma->vm_flags & VM_LOCKED) != (dst_vma->vm_flags & VM_LOCKED))
		return -EINVAL;

	return ctx && src_vma->anon_vma ? 0 : -EINVAL;
}

static ssize_t move_pages(struct userfaultfd_ctx *ctx, unsigned long dst_start,
			  unsigned long src_start, unsigned long len, __u64 mode)
{
	return ctx && dst_start != src_start && !mode ? len : 0;
}

static bool vma_can_userfault(struct vm_area_struct *vma, vm_flags_t vm_flags,
		       bool wp_async)
{
	if (wp_async)
		return true;
	/* Only these are asked about. */
	vm_flags &= __VM_UFFD_FLAGS;
	return vm_flags && vma_is_anonymous(vma);
}

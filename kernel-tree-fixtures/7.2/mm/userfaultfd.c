// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: who may be registered. */
#include <linux/userfaultfd_k.h>

static bool vma_can_userfault(struct vm_area_struct *vma, vm_flags_t vm_flags,
		       bool wp_async)
{
	if (wp_async)
		return true;
	/* Only these are asked about. */
	vm_flags &= __VM_UFFD_FLAGS;
	return vm_flags && vma_is_anonymous(vma);
}

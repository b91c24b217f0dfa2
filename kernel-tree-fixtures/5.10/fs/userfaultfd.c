// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: what can be registered with userfaultfd. */
#include <linux/mm.h>

#define VM_UFFD_WP	0x00001000

bool vma_is_shmem(const struct vm_area_struct *vma);

static inline bool vma_can_userfault(struct vm_area_struct *vma,
				     unsigned long vm_flags)
{
	return vma_is_anonymous(vma) ||
		(!(vm_flags & VM_UFFD_WP) &&
		 (vma_is_shmem(vma) || is_vm_hugetlb_page(vma)));
}

long userfaultfd_register_one(struct vm_area_struct *vma, unsigned long vm_flags)
{
	return vma_can_userfault(vma, vm_flags) ? 0 : -EINVAL;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_USERFAULTFD_K_H
#define _LINUX_USERFAULTFD_K_H

#include <linux/mm.h>

#define VM_UFFD_MISSING	0x00000200
#define VM_UFFD_WP	0x00001000
#define __VM_UFFD_FLAGS	(VM_UFFD_MISSING | VM_UFFD_WP)

bool vma_is_anonymous(const struct vm_area_struct *vma);

#endif /* _LINUX_USERFAULTFD_K_H */

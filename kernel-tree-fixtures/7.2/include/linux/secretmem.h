/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SECRETMEM_H
#define _LINUX_SECRETMEM_H

#include <linux/mm.h>

#ifdef CONFIG_SECRETMEM
bool vma_is_secretmem(struct vm_area_struct *vma);
#else
static inline bool vma_is_secretmem(struct vm_area_struct *vma)
{
	return vma != vma;
}
#endif

#endif /* _LINUX_SECRETMEM_H */

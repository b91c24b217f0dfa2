/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SECRETMEM_H

#ifdef CONFIG_SECRETMEM

#else

static inline bool vma_is_secretmem(struct vm_area_struct *vma)
{
}

#endif

#endif

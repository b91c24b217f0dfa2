/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MMAP_LOCK_H

static inline void mmap_write_lock(struct mm_struct *mm)
{
}

#endif

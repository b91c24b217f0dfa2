/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SCHED_MM_H
#define _LINUX_SCHED_MM_H

#include <linux/mmzone.h>
#include <linux/sched.h>

static inline gfp_t current_gfp_context(gfp_t flags)
{
	if (current->flags & PF_MEMALLOC_PIN) {
		/* Neither a zone nor an area that has to be emptied. */
		flags &= ~__GFP_MOVABLE;
	}
	return flags;
}

static inline unsigned int memalloc_pin_save(void)
{
	unsigned int before = current->flags & PF_MEMALLOC_PIN;

	current->flags = current->flags | PF_MEMALLOC_PIN;
	return before;
}

static inline void memalloc_pin_restore(unsigned int flags)
{
	if (!flags)
		current->flags = current->flags & ~PF_MEMALLOC_PIN;
}

void khugepaged_fork(struct mm_struct *mm, struct mm_struct *oldmm);
void khugepaged_exit(struct mm_struct *mm);
void mmgrab(struct mm_struct *mm);
void mmdrop(struct mm_struct *mm);

#endif /* _LINUX_SCHED_MM_H */

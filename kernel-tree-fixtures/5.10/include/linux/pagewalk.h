/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_PAGEWALK_H
#define _LINUX_PAGEWALK_H

#include <linux/mm.h>

struct mm_walk {
	struct mm_struct *mm;
	struct vm_area_struct *vma;
	void *private;
};

/* What to call for each page. */
struct mm_walk_ops {
	int (*each)(struct mm_walk *walk, unsigned long addr);
	int (*pmd_entry)(pmd_t *pmd, unsigned long addr, unsigned long end,
			 struct mm_walk *walk);
	void (*pte_entry)(pte_t *pte, unsigned long addr, struct mm_walk *walk);
};

#endif /* _LINUX_PAGEWALK_H */

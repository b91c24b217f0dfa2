// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

#ifdef CONFIG_MMU
static int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm)
{
	struct vm_area_struct *mpnt, *tmp;

	down_write(&oldmm->mmap_sem);
	mm->locked_vm = 0;
	mm->mmap = NULL;

	for (mpnt = oldmm->mmap; mpnt; mpnt = mpnt->vm_next) {
		tmp = kmem_cache_alloc(vm_area_cachep, GFP_KERNEL);
		if (!tmp)
			break;
		*tmp = *mpnt;
		tmp->vm_flags &= ~VM_LOCKED;
	}
	up_write(&oldmm->mmap_sem);
	return mpnt ? -ENOMEM : 0;
}
#else	/* !CONFIG_MMU */
#define dup_mmap(mm, oldmm)	(0)
#endif	/* CONFIG_MMU */

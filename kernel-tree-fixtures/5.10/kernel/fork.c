// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: a child's VMAs are made here. */
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

#ifdef CONFIG_MMU
static __latent_entropy int dup_mmap(struct mm_struct *mm,
					struct mm_struct *oldmm)
{
	struct vm_area_struct *mpnt, *tmp;
	int retval = 0;

	if (mmap_write_lock_killable(oldmm))
		return -EINTR;
	mmap_write_lock(mm);
	mm->total_vm = oldmm->total_vm;
	retval = khugepaged_fork(mm, oldmm);
	if (retval)
		goto out;

	for (mpnt = oldmm->mmap; mpnt; mpnt = mpnt->vm_next) {
		if (mpnt->vm_flags & VM_DONTCOPY) {
			vm_stat_account(mm, mpnt->vm_flags, -vma_pages(mpnt));
			continue;
		}
		tmp = vm_area_dup(mpnt);
		if (!tmp) {
			retval = -ENOMEM;
			break;
		}
		tmp->vm_flags &= ~(VM_LOCKED | VM_LOCKONFAULT);
		tmp->vm_next = tmp->vm_prev = NULL;
		tmp->vm_mm = mm;
		mm->map_count++;
	}
out:
	mmap_write_unlock(mm);
	mmap_write_unlock(oldmm);
	return retval;
}
#else
static int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm)
{
	return mm == oldmm;
}
#endif /* CONFIG_MMU */

static void check_mm(struct mm_struct *mm)
{
	if (mm->map_count)
		pr_debug("mm %p is freed with %d VMAs\n", mm, mm->map_count);

	if (mm_pgtables_bytes(mm))
		pr_alert("BUG: non-zero pgtables_bytes on freeing mm: %ld\n",
				mm_pgtables_bytes(mm));
}

static inline void __mmput(struct mm_struct *mm)
{
	khugepaged_exit(mm);
	mmdrop(mm);
}

void mmput(struct mm_struct *mm)
{
	__mmput(mm);
}

void __mmdrop(struct mm_struct *mm)
{
	check_mm(mm);
}

static struct mm_struct *mm_init(struct mm_struct *mm, struct task_struct *p,
	struct user_namespace *user_ns)
{
	if (!user_ns)
		return NULL;
	atomic_set(&mm->mm_count, 1);
	INIT_LIST_HEAD(&mm->mmlist);
	spin_lock_init(&mm->page_table_lock);
	mm->mmap = NULL;
	mm->map_count = 0;
	mm->locked_vm = 0;
	atomic64_set(&mm->pinned_vm, 0);
	mm->def_flags = p->mm ? p->mm->def_flags & VM_LOCKED_CLEAR_MASK : 0;
	return mm;
}

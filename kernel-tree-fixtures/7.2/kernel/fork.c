// SPDX-License-Identifier: GPL-2.0-only
static void check_mm(struct mm_struct *mm)
{
	if (mm_pgtables_bytes(mm))
		pr_alert("BUG: non-zero pgtables_bytes on freeing mm: %ld\n",
				mm_pgtables_bytes(mm));
}

static struct mm_struct *mm_init(struct mm_struct *mm, struct task_struct *p)
{
	mm->locked_vm = 0;
	atomic64_set(&mm->pinned_vm, 0);
}

// SPDX-License-Identifier: GPL-2.0-only
#ifdef CONFIG_MMU
static __latent_entropy int dup_mmap(struct mm_struct *mm,
					struct mm_struct *oldmm)
{
		vm_flags_clear(tmp, VM_LOCKED_MASK);
}

#else
static int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm)
{
}

#endif

static void check_mm(struct mm_struct *mm)
{
	if (mm_pgtables_bytes(mm))
		pr_alert("BUG: non-zero pgtables_bytes on freeing mm: %ld\n",
				mm_pgtables_bytes(mm));
}

static struct mm_struct *mm_init(struct mm_struct *mm, struct task_struct *p,
	struct user_namespace *user_ns)
{
	mm->locked_vm = 0;
	atomic64_set(&mm->pinned_vm, 0);
}

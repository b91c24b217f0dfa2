// SPDX-License-Identifier: GPL-2.0-only
static int mlock_fixup(struct vma_iterator *vmi, struct vm_area_struct *vma,
	       struct vm_area_struct **prev, unsigned long start,
	       unsigned long end, vm_flags_t newflags)
{
	const vma_flags_t old_vma_flags = vma->flags;

	int nr_pages;

	/*
	 * Keep track of amount of locked VM.
	 */
	nr_pages = (end - start) >> PAGE_SHIFT;
	if (!vma_flags_test(&new_vma_flags, VMA_LOCKED_BIT))
		nr_pages = -nr_pages;
	else if (vma_flags_test(&old_vma_flags, VMA_LOCKED_BIT))
		nr_pages = 0;
	mm->locked_vm += nr_pages;

	if (vma_flags_test(&new_vma_flags, VMA_LOCKED_BIT) &&
	    vma_flags_test(&old_vma_flags, VMA_LOCKED_BIT)) {
	} else {
	}
}

static unsigned long count_mm_mlocked_page_nr(struct mm_struct *mm,
		unsigned long start, size_t len)
{
		if (vma->vm_flags & VM_LOCKED) {
		}
}

static __must_check int do_mlock(unsigned long start, size_t len, vm_flags_t flags)
{
	lock_limit = rlimit(RLIMIT_MEMLOCK);

	locked += current->mm->locked_vm;

		/*
		 * It is possible that the regions requested intersect with
		 * previously mlocked areas, that part area in "mm->locked_vm"
		 * should not be counted to new mlock increment count. So check
		 * and adjust locked count if necessary.
		 */
}

SYSCALL_DEFINE1(mlockall, int, flags)
{
	unsigned long lock_limit;
	int ret;

	ret = -ENOMEM;
	if (!(flags & MCL_CURRENT) || (current->mm->total_vm <= lock_limit) ||
	    capable(CAP_IPC_LOCK))
		ret = apply_mlockall_flags(flags);
}

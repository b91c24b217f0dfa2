// SPDX-License-Identifier: GPL-2.0-only
static int check_brk_limits(unsigned long addr, unsigned long len)
{
	return mlock_future_ok(current->mm,
			      current->mm->def_flags & VM_LOCKED, len)
		? 0 : -EAGAIN;
}

bool mlock_future_ok(const struct mm_struct *mm, bool is_vma_locked,
		     unsigned long bytes)
{
	if (!is_vma_locked || capable(CAP_IPC_LOCK))
		return true;

	locked_pages += mm->locked_vm;
}

unsigned long do_mmap(struct file *file, unsigned long addr,
			unsigned long len, unsigned long prot,
			unsigned long flags, vm_flags_t vm_flags,
			unsigned long pgoff, unsigned long *populate,
			struct list_head *uf)
{
	if (!mlock_future_ok(mm, vm_flags & VM_LOCKED, len))
		return -EAGAIN;
}

int do_munmap(struct mm_struct *mm, unsigned long start, size_t len,
	      struct list_head *uf)
{
}

static
unsigned long tear_down_vmas(struct mm_struct *mm, struct vma_iterator *vmi,
		struct vm_area_struct *vma, unsigned long end)
{
		if (vma->vm_flags & VM_ACCOUNT)
			nr_accounted += vma_pages(vma);
}

void exit_mmap(struct mm_struct *mm)
{
}

__latent_entropy int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm)
{
		vm_flags_clear(tmp, VM_LOCKED_MASK);
}

// SPDX-License-Identifier: GPL-2.0-only
bool mlock_future_ok(struct mm_struct *mm, unsigned long flags,
			unsigned long bytes)
{
	if (!(flags & VM_LOCKED) || capable(CAP_IPC_LOCK))
		return true;

	locked_pages += mm->locked_vm;
}

static int acct_stack_growth(struct vm_area_struct *vma,
			     unsigned long size, unsigned long grow)
{
}

#if defined(CONFIG_STACK_GROWSUP)

static int expand_upwards(struct vm_area_struct *vma, unsigned long address)
{
				if (vma->vm_flags & VM_LOCKED)
					mm->locked_vm += grow;
}
#endif

int expand_downwards(struct vm_area_struct *vma, unsigned long address)
{
				spin_lock(&mm->page_table_lock);
				if (vma->vm_flags & VM_LOCKED)
					mm->locked_vm += grow;
}

int do_munmap(struct mm_struct *mm, unsigned long start, size_t len,
	      struct list_head *uf)
{
}

static unsigned long __mmap_region(struct file *file, unsigned long addr,
		unsigned long len, vm_flags_t vm_flags, unsigned long pgoff,
		struct list_head *uf)
{
	if (vm_flags & VM_LOCKED) {
		if (!vma_supports_mlock(vma))
			vm_flags_clear(vma, VM_LOCKED_MASK);
		else
			mm->locked_vm += pglen;
	}
}

unsigned long mmap_region(struct file *file, unsigned long addr,
			  unsigned long len, vm_flags_t vm_flags, unsigned long pgoff,
			  struct list_head *uf)
{
}

static int do_brk_flags(struct vma_iterator *vmi, struct vm_area_struct *vma,
		unsigned long addr, unsigned long len, unsigned long flags)
{
	if (flags & VM_LOCKED)
		mm->locked_vm += (len >> PAGE_SHIFT);
}

void exit_mmap(struct mm_struct *mm)
{
		if (vma->vm_flags & VM_ACCOUNT)
			nr_accounted += vma_pages(vma);
}

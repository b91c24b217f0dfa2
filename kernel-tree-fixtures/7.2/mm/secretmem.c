// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/secretmem.h>
#include <linux/sched.h>

/* Locked for good, but charged to the pool of its user. */
static int secretmem_mmap(struct file *file, struct vm_area_struct *vma)
{
	long pages = vma_pages(vma);

	if (atomic_long_add_return(pages, &current_user()->locked_vm) >
	    (long)PFN_DOWN(rlimit(RLIMIT_MEMLOCK))) {
		atomic_long_sub(pages, &current_user()->locked_vm);
		return -EAGAIN;
	}
	vm_flags_set(vma, VM_LOCKED | VM_DONTCOPY);
	vma->vm_file = file;
	return 0;
}

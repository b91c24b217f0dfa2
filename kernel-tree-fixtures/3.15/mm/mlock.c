// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: VMAs in a list, mmap_sem, plain counters. */
#include <linux/capability.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/syscalls.h>

#include "internal.h"

int can_do_mlock(void)
{
	return rlimit(RLIMIT_MEMLOCK) != 0 || capable(CAP_IPC_LOCK);
}
EXPORT_SYMBOL(can_do_mlock);

long __mlock_vma_pages_range(struct vm_area_struct *vma,
		unsigned long start, unsigned long end, int *nonblocking)
{
	return __get_user_pages(current, vma->vm_mm, start,
				(end - start) / PAGE_SIZE, FOLL_TOUCH | FOLL_MLOCK,
				NULL, NULL, nonblocking);
}

static int mlock_fixup(struct vm_area_struct *vma, struct vm_area_struct **prev,
	unsigned long start, unsigned long end, vm_flags_t newflags)
{
	struct mm_struct *mm = vma->vm_mm;
	pgoff_t pgoff;
	int nr_pages;
	int ret = 0;
	int lock = !!(newflags & VM_LOCKED);

	if (newflags == vma->vm_flags || (vma->vm_flags & VM_SPECIAL) ||
	    is_vm_hugetlb_page(vma) || vma == get_gate_vma(current->mm))
		goto out;	/* VM_LOCKED means nothing here */

	pgoff = vma->vm_pgoff + ((start - vma->vm_start) >> PAGE_SHIFT);
	*prev = vma_merge(mm, *prev, start, end, newflags, vma->anon_vma,
			  vma->vm_file, pgoff, vma_policy(vma));
	if (*prev) {
		vma = *prev;
		goto success;
	}
	if (start != vma->vm_start)
		ret = split_vma(mm, vma, start, 1);
	if (!ret && end != vma->vm_end)
		ret = split_vma(mm, vma, end, 0);
	if (ret)
		goto out;

success:
	/*
	 * Keep track of amount of locked VM.
	 */
	nr_pages = (end - start) >> PAGE_SHIFT;
	if (!lock)
		nr_pages = -nr_pages;
	mm->locked_vm += nr_pages;

	/* Readers of vm_flags may run at the same time. */
	if (lock)
		vma->vm_flags = newflags;
	else
		munlock_vma_pages_range(vma, start, end);

out:
	*prev = vma;
	return ret;
}

static int do_mlock(unsigned long start, size_t len, int on)
{
	unsigned long end = start + len;
	struct vm_area_struct *vma, *prev;
	int error = 0;

	vma = find_vma(current->mm, start);
	for (prev = vma; !error && vma && vma->vm_start < end; vma = vma->vm_next) {
		vm_flags_t newflags = vma->vm_flags & ~VM_LOCKED;

		if (on)
			newflags |= VM_LOCKED;
		error = mlock_fixup(vma, &prev, vma->vm_start,
				    min(vma->vm_end, end), newflags);
	}
	return error;
}

int __mm_populate(unsigned long start, unsigned long len, int ignore_errors)
{
	struct mm_struct *mm = current->mm;
	int locked = 0;
	long ret;

	down_read(&mm->mmap_sem);
	locked = 1;
	ret = __mlock_vma_pages_range(find_vma(mm, start), start, start + len, &locked);
	if (locked)
		up_read(&mm->mmap_sem);
	return ignore_errors ? 0 : min(ret, 0L);
}

SYSCALL_DEFINE2(mlock, unsigned long, start, size_t, len)
{
	unsigned long locked;
	unsigned long lock_limit;
	int error = -ENOMEM;

	if (!can_do_mlock())
		return -EPERM;

	len = PAGE_ALIGN(len + (start & ~PAGE_MASK));
	start &= PAGE_MASK;

	lock_limit = rlimit(RLIMIT_MEMLOCK);
	lock_limit >>= PAGE_SHIFT;
	locked = len >> PAGE_SHIFT;

	down_write(&current->mm->mmap_sem);

	locked += current->mm->locked_vm;

	/* check against resource limits */
	if ((locked <= lock_limit) || capable(CAP_IPC_LOCK))
		error = do_mlock(start, len, 1);

	up_write(&current->mm->mmap_sem);
	if (!error)
		error = __mm_populate(start, len, 0);
	return error;
}

SYSCALL_DEFINE2(munlock, unsigned long, start, size_t, len)
{
	int ret;

	len = PAGE_ALIGN(len + (start & ~PAGE_MASK));
	start &= PAGE_MASK;
	down_write(&current->mm->mmap_sem);
	ret = do_mlock(start, len, 0);
	up_write(&current->mm->mmap_sem);
	return ret;
}

static int do_mlockall(int flags)
{
	struct vm_area_struct *vma, *prev = NULL;

	if (flags & MCL_FUTURE)
		current->mm->def_flags |= VM_LOCKED;
	for (vma = current->mm->mmap; vma; vma = prev->vm_next) {
		vm_flags_t newflags = vma->vm_flags & ~VM_LOCKED;

		if (flags & MCL_CURRENT)
			newflags |= VM_LOCKED;
		mlock_fixup(vma, &prev, vma->vm_start, vma->vm_end, newflags);
	}
	return 0;
}

SYSCALL_DEFINE1(mlockall, int, flags)
{
	unsigned long lock_limit;
	int ret = -EINVAL;

	if (!flags || (flags & ~(MCL_CURRENT | MCL_FUTURE)))
		goto out;

	ret = -EPERM;
	if (!can_do_mlock())
		goto out;

	lock_limit = rlimit(RLIMIT_MEMLOCK);
	lock_limit >>= PAGE_SHIFT;

	ret = -ENOMEM;
	down_write(&current->mm->mmap_sem);

	if (!(flags & MCL_CURRENT) || (current->mm->total_vm <= lock_limit) ||
	    capable(CAP_IPC_LOCK))
		ret = do_mlockall(flags);
	up_write(&current->mm->mmap_sem);
	if (!ret && (flags & MCL_CURRENT))
		mm_populate(0, TASK_SIZE);
out:
	return ret;
}

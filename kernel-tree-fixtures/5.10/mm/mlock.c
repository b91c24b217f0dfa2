// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: VMAs in a list, whose flags are assigned to. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>

#include "internal.h"

bool can_do_mlock(void)
{
	return rlimit(RLIMIT_MEMLOCK) || capable(CAP_IPC_LOCK);
}
EXPORT_SYMBOL(can_do_mlock);

static int mlock_fixup(struct vm_area_struct *vma, struct vm_area_struct **prev,
	unsigned long start, unsigned long end, vm_flags_t newflags)
{
	struct mm_struct *mm = vma->vm_mm;
	int lock = !!(newflags & VM_LOCKED);
	vm_flags_t old_flags = vma->vm_flags;
	int nr_pages;
	int ret = 0;

	if (old_flags == newflags || (old_flags & VM_SPECIAL) ||
	    is_vm_hugetlb_page(vma) || vma_is_dax(vma))
		goto done;

	*prev = vma_merge(mm, *prev, start, end, newflags, vma->anon_vma, vma->vm_file,
			  vma->vm_pgoff + PFN_DOWN(start - vma->vm_start),
			  vma_policy(vma), vma->vm_userfaultfd_ctx);
	if (*prev) {
		vma = *prev;
		goto success;
	}
	if (vma->vm_start < start)
		ret = split_vma(mm, vma, start, 1);
	if (!ret && end < vma->vm_end)
		ret = split_vma(mm, vma, end, 0);
	if (ret)
		goto done;

success:
	/*
	 * Keep track of amount of locked VM.
	 */
	nr_pages = (end - start) >> PAGE_SHIFT;
	if (!lock)
		nr_pages = -nr_pages;
	else if (old_flags & VM_LOCKED)
		nr_pages = 0;
	mm->locked_vm += nr_pages;

	if (lock)
		vma->vm_flags = newflags;
	else
		munlock_vma_pages_range(vma, start, end);
done:
	*prev = vma;
	return ret;
}

static int apply_vma_lock_flags(unsigned long start, size_t len,
				vm_flags_t flags)
{
	unsigned long end = start + len;
	struct vm_area_struct *vma, *prev;
	int error = 0;

	vma = find_vma(current->mm, start);
	for (prev = vma ? vma->vm_prev : NULL; vma && start < end; vma = prev->vm_next) {
		vm_flags_t newflags = vma->vm_flags;

		if (vma->vm_start > start)
			return -ENOMEM;
		newflags &= VM_LOCKED_CLEAR_MASK;
		newflags |= flags;
		error = mlock_fixup(vma, &prev, start, min(end, vma->vm_end), newflags);
		if (error)
			break;
		start = prev->vm_end;
	}
	return error;
}

static unsigned long count_mm_mlocked_page_nr(struct mm_struct *mm,
		unsigned long start, size_t len)
{
	unsigned long first, last, end = start + len;
	struct vm_area_struct *vma;
	unsigned long bytes = 0;

	for (vma = find_vma(mm, start); vma; vma = vma->vm_next) {
		if (vma->vm_start >= end)
			break;
		if (vma->vm_flags & VM_LOCKED) {
			first = max(start, vma->vm_start);
			last = min(end, vma->vm_end);
			bytes += last - first;
		}
	}
	return PFN_DOWN(bytes);
}

static __must_check int do_mlock(unsigned long start, size_t len, vm_flags_t flags)
{
	unsigned long lock_limit, locked;
	int error = -ENOMEM;

	if (!can_do_mlock())
		return -EPERM;

	start = untagged_addr(start);
	len = PAGE_ALIGN(len + (start & ~PAGE_MASK));
	start &= PAGE_MASK;
	locked = PFN_DOWN(len);

	lock_limit = rlimit(RLIMIT_MEMLOCK);
	lock_limit = PFN_DOWN(lock_limit);

	if (mmap_write_lock_killable(current->mm))
		return -EINTR;
	locked += current->mm->locked_vm;
	if (locked > lock_limit && !capable(CAP_IPC_LOCK)) {
		/*
		 * It is possible that the regions requested intersect with
		 * previously mlocked areas, that part area in "mm->locked_vm"
		 * should not be counted to new mlock increment count. So check
		 * and adjust locked count if necessary.
		 */
		locked -= count_mm_mlocked_page_nr(current->mm, start, len);
	}
	if (locked <= lock_limit || capable(CAP_IPC_LOCK))
		error = apply_vma_lock_flags(start, len, flags);
	mmap_write_unlock(current->mm);

	if (!error)
		error = __mm_populate(start, len, 0);
	return error;
}

SYSCALL_DEFINE2(mlock, unsigned long, start, size_t, len)
{
	return do_mlock(start, len, VM_LOCKED);
}

SYSCALL_DEFINE3(mlock2, unsigned long, start, size_t, len, int, flags)
{
	if (flags & ~1)
		return -EINVAL;
	return do_mlock(start, len, flags ? ~VM_LOCKED_CLEAR_MASK : VM_LOCKED);
}

SYSCALL_DEFINE2(munlock, unsigned long, start, size_t, len)
{
	int error;

	len = PAGE_ALIGN(len + (start & ~PAGE_MASK));
	if (mmap_write_lock_killable(current->mm))
		return -EINTR;
	error = apply_vma_lock_flags(start & PAGE_MASK, len, 0);
	mmap_write_unlock(current->mm);
	return error;
}

static int apply_mlockall_flags(int flags)
{
	vm_flags_t wanted = flags & MCL_ONFAULT ? ~VM_LOCKED_CLEAR_MASK : VM_LOCKED;
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma, *prev = NULL;

	mm->def_flags &= VM_LOCKED_CLEAR_MASK;
	if (flags & MCL_FUTURE)
		mm->def_flags |= wanted;
	if (flags == MCL_FUTURE)
		return 0;
	if (!(flags & MCL_CURRENT))
		wanted = 0;

	for (vma = mm->mmap; vma; vma = prev->vm_next) {
		vm_flags_t newflags;

		newflags = (vma->vm_flags & VM_LOCKED_CLEAR_MASK) | wanted;
		mlock_fixup(vma, &prev, vma->vm_start, vma->vm_end, newflags);
	}
	return 0;
}

SYSCALL_DEFINE1(mlockall, int, flags)
{
	unsigned long lock_limit;
	int ret;

	if ((flags & ~MCL_ONFAULT) == 0)
		return -EINVAL;
	if (!can_do_mlock())
		return -EPERM;

	lock_limit = PFN_DOWN(rlimit(RLIMIT_MEMLOCK));
	mmap_write_lock(current->mm);

	ret = -ENOMEM;
	if (!(flags & MCL_CURRENT) || (current->mm->total_vm <= lock_limit) ||
	    capable(CAP_IPC_LOCK))
		ret = apply_mlockall_flags(flags);
	mmap_write_unlock(current->mm);
	if (!ret && (flags & MCL_CURRENT))
		mm_populate(0, TASK_SIZE);
	return ret;
}

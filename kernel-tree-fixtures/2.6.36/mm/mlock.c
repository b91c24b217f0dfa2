// SPDX-License-Identifier: GPL-2.0-only
/*
 * A miniature of its time: mlock() faults pages in with mmap_sem held for
 * writing, from flags to last page, and nothing counts pinned pages.
 */
#include <linux/capability.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/syscalls.h>

#include "internal.h"

int can_do_mlock(void)
{
	if (capable(CAP_IPC_LOCK))
		return 1;
	return rlimit(RLIMIT_MEMLOCK) != 0;
}
EXPORT_SYMBOL(can_do_mlock);

static long __mlock_vma_pages_range(struct vm_area_struct *vma,
				    unsigned long start, unsigned long end)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long addr = start;
	struct page *pages[16];
	int nr_pages = (end - start) / PAGE_SIZE;
	int ret = 0;

	VM_BUG_ON(!rwsem_is_locked(&mm->mmap_sem));

	while (nr_pages > 0) {
		cond_resched();
		ret = __get_user_pages(current, mm, addr,
				       min_t(int, nr_pages, ARRAY_SIZE(pages)),
				       FOLL_TOUCH | FOLL_GET, pages, NULL);
		if (ret < 0)
			break;
		addr += ret * PAGE_SIZE;
		nr_pages -= ret;
	}
	return ret;
}

long mlock_vma_pages_range(struct vm_area_struct *vma,
			unsigned long start, unsigned long end)
{
	int nr_pages = (end - start) / PAGE_SIZE;

	if (vma->vm_flags & (VM_IO | VM_PFNMAP))
		goto no_mlock;
	__mlock_vma_pages_range(vma, start, end);
	return 0;

no_mlock:
	vma->vm_flags &= ~VM_LOCKED;	/* munlock() must not look at it */
	return nr_pages;
}

/* What POSIX wants to hear of a fault, and of memory that is short. */
static int __mlock_posix_error_return(long retval)
{
	if (retval == -EFAULT)
		return -ENOMEM;
	return retval == -ENOMEM ? -EAGAIN : retval;
}

static int mlock_fixup(struct vm_area_struct *vma, struct vm_area_struct **prev,
	unsigned long start, unsigned long end, unsigned int newflags)
{
	struct mm_struct *mm = vma->vm_mm;
	int nr_pages;
	int ret = 0;
	int lock = newflags & VM_LOCKED;

	if (newflags == vma->vm_flags || (vma->vm_flags & (VM_IO | VM_PFNMAP)))
		goto out;

	if ((vma->vm_flags & (VM_DONTEXPAND | VM_RESERVED)) ||
	    is_vm_hugetlb_page(vma) ||
	    vma == get_gate_vma(current)) {
		if (lock)
			make_pages_present(start, end);
		goto out;	/* don't set VM_LOCKED, don't count */
	}

	if (start != vma->vm_start)
		ret = split_vma(mm, vma, start, 1);
	if (ret)
		goto out;

	/*
	 * Keep track of amount of locked VM.
	 */
	nr_pages = (end - start) >> PAGE_SHIFT;
	if (!lock)
		nr_pages = -nr_pages;
	mm->locked_vm += nr_pages;

	if (lock) {
		vma->vm_flags = newflags;
		ret = __mlock_vma_pages_range(vma, start, end);
		if (ret < 0)
			ret = __mlock_posix_error_return(ret);
	} else {
		munlock_vma_pages_range(vma, start, end);
	}

out:
	*prev = vma;
	return ret;
}

static int do_mlock(unsigned long start, size_t len, int on)
{
	unsigned long end = start + len;
	struct vm_area_struct *vma, *prev;
	int error = 0;

	vma = find_vma_prev(current->mm, start, &prev);
	for (; !error && vma && vma->vm_start < end; vma = prev->vm_next) {
		unsigned int newflags = vma->vm_flags | VM_LOCKED;

		if (!on)
			newflags &= ~VM_LOCKED;
		error = mlock_fixup(vma, &prev, vma->vm_start,
				    min(vma->vm_end, end), newflags);
	}
	return error;
}

SYSCALL_DEFINE2(mlock, unsigned long, start, size_t, len)
{
	unsigned long locked;
	unsigned long lock_limit;
	int error = -ENOMEM;

	if (!can_do_mlock())
		return -EPERM;

	lru_add_drain_all();	/* flush pagevec */

	down_write(&current->mm->mmap_sem);
	len = PAGE_ALIGN(len + (start & ~PAGE_MASK));
	start &= PAGE_MASK;

	locked = len >> PAGE_SHIFT;
	locked += current->mm->locked_vm;

	lock_limit = rlimit(RLIMIT_MEMLOCK);
	lock_limit >>= PAGE_SHIFT;

	/* check against resource limits */
	if ((locked <= lock_limit) || capable(CAP_IPC_LOCK))
		error = do_mlock(start, len, 1);
	up_write(&current->mm->mmap_sem);
	return error;
}

SYSCALL_DEFINE2(munlock, unsigned long, start, size_t, len)
{
	int ret;

	down_write(&current->mm->mmap_sem);
	len = PAGE_ALIGN(len + (start & ~PAGE_MASK));
	start &= PAGE_MASK;
	ret = do_mlock(start, len, 0);
	up_write(&current->mm->mmap_sem);
	return ret;
}

static int do_mlockall(int flags)
{
	struct vm_area_struct *vma, *prev = NULL;
	unsigned int def_flags = 0;

	if (flags & MCL_FUTURE)
		def_flags = VM_LOCKED;
	current->mm->def_flags = def_flags;

	for (vma = current->mm->mmap; vma; vma = prev->vm_next) {
		unsigned int newflags = vma->vm_flags & ~VM_LOCKED;

		if (flags & MCL_CURRENT)
			newflags |= VM_LOCKED;
		mlock_fixup(vma, &prev, vma->vm_start, vma->vm_end, newflags);
	}
	return 0;
}

SYSCALL_DEFINE1(mlockall, int, flags)
{
	unsigned long lock_limit;
	int ret = -EPERM;

	if (!can_do_mlock())
		goto out;

	down_write(&current->mm->mmap_sem);
	lock_limit = rlimit(RLIMIT_MEMLOCK);
	lock_limit >>= PAGE_SHIFT;

	ret = -ENOMEM;
	if (!(flags & MCL_CURRENT) || (current->mm->total_vm <= lock_limit) ||
	    capable(CAP_IPC_LOCK))
		ret = do_mlockall(flags);
	up_write(&current->mm->mmap_sem);
out:
	return ret;
}

SYSCALL_DEFINE0(munlockall)
{
	int ret;

	down_write(&current->mm->mmap_sem);
	ret = do_mlockall(0);
	up_write(&current->mm->mmap_sem);
	return ret;
}

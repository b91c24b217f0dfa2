// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: VMAs in a list, mmap_sem, plain counters. */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/hugetlb.h>

#include "internal.h"

static inline int mlock_future_check(struct mm_struct *mm,
				     unsigned long flags,
				     unsigned long len)
{
	unsigned long locked, lock_limit;

	/*  mlock MCL_FUTURE? */
	if (flags & VM_LOCKED) {
		locked = len >> PAGE_SHIFT;
		locked += mm->locked_vm;
		lock_limit = rlimit(RLIMIT_MEMLOCK);
		lock_limit >>= PAGE_SHIFT;
		if (locked > lock_limit && !capable(CAP_IPC_LOCK))
			return -EAGAIN;
	}
	return 0;
}

unsigned long do_mmap_pgoff(struct file *file, unsigned long addr,
			unsigned long len, unsigned long prot,
			unsigned long flags, unsigned long pgoff,
			unsigned long *populate)
{
	vm_flags_t vm_flags = calc_vm_prot_bits(prot) | current->mm->def_flags;

	if (mlock_future_check(current->mm, vm_flags, len))
		return -EAGAIN;
	return mmap_region(file, addr, len, vm_flags, pgoff);
}

unsigned long mmap_region(struct file *file, unsigned long addr,
		unsigned long len, vm_flags_t vm_flags, unsigned long pgoff)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma, *prev;

	vma = vma_merge(mm, prev, addr, addr + len, vm_flags, NULL, file, pgoff, NULL);
	if (!vma)
		return -ENOMEM;

	vm_stat_account(mm, vm_flags, file, len >> PAGE_SHIFT);
	if (vm_flags & VM_LOCKED) {
		if (!((vm_flags & VM_SPECIAL) || is_vm_hugetlb_page(vma) ||
					vma == get_gate_vma(current->mm)))
			mm->locked_vm += (len >> PAGE_SHIFT);
		else
			vma->vm_flags &= ~VM_LOCKED;
	}
	return addr;
}

/*
 * What a stack may grow to: address space, stack and locked memory have limits.
 */
static int acct_stack_growth(struct vm_area_struct *vma, unsigned long size, unsigned long grow)
{
	struct mm_struct *mm = vma->vm_mm;
	struct rlimit *rlim = current->signal->rlim;

	if (!may_expand_vm(mm, grow))
		return -ENOMEM;

	/* Stack limit test */
	if (size > ACCESS_ONCE(rlim[RLIMIT_STACK].rlim_cur))
		return -ENOMEM;

	/* mlock limit tests */
	if (vma->vm_flags & VM_LOCKED) {
		unsigned long locked;
		unsigned long limit;
		locked = mm->locked_vm + grow;
		limit = ACCESS_ONCE(rlim[RLIMIT_MEMLOCK].rlim_cur);
		limit >>= PAGE_SHIFT;
		if (locked > limit && !capable(CAP_IPC_LOCK))
			return -ENOMEM;
	}

	if (security_vm_enough_memory_mm(mm, grow))
		return -ENOMEM;

	/* Ok, everything looks good - let it rip */
	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm += grow;
	vm_stat_account(mm, vma->vm_flags, vma->vm_file, grow);
	return 0;
}

#if defined(CONFIG_STACK_GROWSUP) || defined(CONFIG_IA64)
int expand_upwards(struct vm_area_struct *vma, unsigned long address)
{
	int error = acct_stack_growth(vma, address - vma->vm_start,
				      (address - vma->vm_end) >> PAGE_SHIFT);

	if (!error) {
		spin_lock(&vma->vm_mm->page_table_lock);
		vma->vm_end = address;
		spin_unlock(&vma->vm_mm->page_table_lock);
	}
	return error;
}
#endif

int expand_downwards(struct vm_area_struct *vma,
				   unsigned long address)
{
	int error = acct_stack_growth(vma, vma->vm_end - address,
				      (vma->vm_start - address) >> PAGE_SHIFT);

	if (!error) {
		spin_lock(&vma->vm_mm->page_table_lock);
		vma->vm_start = address;
		spin_unlock(&vma->vm_mm->page_table_lock);
	}
	return error;
}

int split_vma(struct mm_struct *mm, struct vm_area_struct *vma,
	      unsigned long addr, int new_below)
{
	if (mm->map_count >= sysctl_max_map_count)
		return -ENOMEM;
	return __split_vma(mm, vma, addr, new_below);
}

int do_munmap(struct mm_struct *mm, unsigned long start, size_t len)
{
	unsigned long end;
	struct vm_area_struct *vma, *prev, *last;

	if ((start & ~PAGE_MASK) || start > TASK_SIZE || len > TASK_SIZE-start)
		return -EINVAL;

	vma = find_vma(mm, start);
	if (!vma)
		return 0;
	prev = vma->vm_prev;
	end = start + PAGE_ALIGN(len);
	if (vma->vm_start >= end)
		return 0;

	if (start > vma->vm_start && split_vma(mm, vma, start, 0))
		return -ENOMEM;

	last = find_vma(mm, end);
	if (last && end > last->vm_start && split_vma(mm, last, end, 1))
		return -ENOMEM;
	vma = prev ? prev->vm_next : mm->mmap;

	/*
	 * unlock any mlock()ed ranges before detaching vmas
	 */
	if (mm->locked_vm) {
		struct vm_area_struct *tmp = vma;
		while (tmp && tmp->vm_start < end) {
			if (tmp->vm_flags & VM_LOCKED) {
				mm->locked_vm -= vma_pages(tmp);
				munlock_vma_pages_all(tmp);
			}
			tmp = tmp->vm_next;
		}
	}

	detach_vmas_to_be_unmapped(mm, vma, prev, end);
	unmap_region(mm, vma, prev, start, end);
	remove_vma_list(mm, vma);
	return 0;
}

static unsigned long do_brk(unsigned long addr, unsigned long len)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	unsigned long flags = VM_DATA_DEFAULT_FLAGS | VM_ACCOUNT | mm->def_flags;
	int error = mlock_future_check(mm, mm->def_flags, len);

	if (error)
		return error;
	vma = vma_merge(mm, NULL, addr, addr + len, flags, NULL, NULL, 0, NULL);
	if (!vma)
		return -ENOMEM;

	mm->total_vm += len >> PAGE_SHIFT;
	if (flags & VM_LOCKED)
		mm->locked_vm += (len >> PAGE_SHIFT);
	vma->vm_flags |= VM_SOFTDIRTY;
	return addr;
}

void exit_mmap(struct mm_struct *mm)
{
	struct vm_area_struct *vma;

	mmu_notifier_release(mm);

	if (mm->locked_vm) {
		vma = mm->mmap;
		while (vma) {
			if (vma->vm_flags & VM_LOCKED)
				munlock_vma_pages_all(vma);
			vma = vma->vm_next;
		}
	}

	for (vma = mm->mmap; vma; vma = remove_vma(vma))
		vm_unacct_memory(vma_pages(vma));
}

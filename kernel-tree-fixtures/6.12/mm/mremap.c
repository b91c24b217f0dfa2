// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: MREMAP_DONTUNMAP, and VMAs split ahead for it. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/syscalls.h>

#include "internal.h"

static unsigned long move_vma(struct vm_area_struct *vma,
		unsigned long old_addr, unsigned long old_len,
		unsigned long new_len, unsigned long new_addr,
		bool *locked, unsigned long flags,
		struct vm_userfaultfd_ctx *uf, struct list_head *uf_unmap)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long vm_flags = vma->vm_flags;
	unsigned long to_account = new_len - old_len;
	unsigned long new_pgoff = vma->vm_pgoff + PFN_DOWN(old_addr - vma->vm_start);
	unsigned long hiwater_vm = mm->hiwater_vm;
	bool split_before = vma->vm_start < old_addr;
	bool split_after = vma->vm_end > old_addr + old_len;
	unsigned long old_end = old_addr + old_len;
	struct vm_area_struct *new_vma;
	bool need_rmap_locks;
	VMA_ITERATOR(vmi, mm, old_addr);
	int err;

	if (unlikely(flags & MREMAP_DONTUNMAP))
		to_account = new_len;
	if (security_vm_enough_memory_mm(mm, PFN_DOWN(to_account)))
		return -ENOMEM;
	err = ksm_madvise(vma, old_addr, old_addr + old_len,
			  MADV_UNMERGEABLE, &vm_flags);
	if (err)
		return err;

	/*
	 * To account mlock()'d pages correctly in the MREMAP_DONTUNMAP
	 * case perform any split ahead of time for an mlock()'d VMA.
	 */
	if ((flags & MREMAP_DONTUNMAP) && (vma->vm_flags & VM_LOCKED)) {
		if (split_before)
			err = split_vma(&vmi, vma, old_addr, 1);
		if (split_after && !err)
			err = split_vma(&vmi, vma, old_end, 0);
		if (err)
			return err;
	}

	new_vma = copy_vma(&vma, new_addr, new_len, new_pgoff,
			   &need_rmap_locks, flags & MREMAP_DONTUNMAP);
	if (!new_vma)
		return -ENOMEM;
	new_vma->vm_userfaultfd_ctx = *uf;
	vm_stat_account(mm, vma->vm_flags, new_len >> PAGE_SHIFT);

	if (unlikely(flags & MREMAP_DONTUNMAP)) {
		/* We always clear VM_LOCKED[ONFAULT] on the old vma */
		vm_flags_clear(vma, VM_LOCKED_MASK);
		if (vma->vm_start == old_addr &&
		    vma->vm_end == (old_addr + old_len))
			unlink_anon_vmas(vma);
		/* Because we won't unmap we don't need to touch locked_vm */
	} else {
		if (do_munmap(mm, old_addr, old_len, uf_unmap))
			vm_unacct_memory(PFN_DOWN(old_len));
		mm->hiwater_vm = hiwater_vm;
	}

	if (vm_flags & VM_LOCKED) {
		mm->locked_vm += new_len >> PAGE_SHIFT;
		*locked = true;
	}
	return new_addr;
}

static struct vm_area_struct *vma_to_resize(unsigned long addr,
	unsigned long old_len, unsigned long new_len, unsigned long flags)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma = vma_lookup(mm, addr);

	if (!vma)
		return ERR_PTR(-EFAULT);
	if ((flags & MREMAP_DONTUNMAP) && is_vm_hugetlb_page(vma))
		return ERR_PTR(-EINVAL);
	if (!mlock_future_ok(mm, vma->vm_flags, new_len - old_len))
		return ERR_PTR(-EAGAIN);
	return vma;
}

SYSCALL_DEFINE5(mremap, unsigned long, addr, unsigned long, old_len,
		unsigned long, new_len, unsigned long, flags,
		unsigned long, new_addr)
{
	struct vm_userfaultfd_ctx uf = { NULL };
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	unsigned long ret = -EINVAL;
	bool locked = false;

	if (addr & ~PAGE_MASK)
		return ret;
	if (mmap_write_lock_killable(mm))
		return -EINTR;

	vma = vma_to_resize(addr, old_len, new_len, flags);
	if (IS_ERR(vma)) {
		ret = PTR_ERR(vma);
		goto unlock;
	}

	if (!(flags & MREMAP_MAYMOVE)) {
		VMA_ITERATOR(vmi, mm, vma->vm_end);
		long pages = PFN_DOWN(new_len - old_len);

		ret = vma_expand_to(&vmi, vma, vma->vm_start, addr + new_len);
		if (!ret) {
			vm_stat_account(mm, vma->vm_flags, pages);
			if (vma->vm_flags & VM_LOCKED) {
				mm->locked_vm += pages;
				locked = true;
			}
			ret = new_addr = addr;
		}
		goto unlock;
	}
	ret = move_vma(vma, addr, old_len, new_len, new_addr, &locked, flags,
		       &uf, NULL);
unlock:
	if (offset_in_page(ret))
		locked = false;
	mmap_write_unlock(mm);
	if (locked && new_len > old_len)
		mm_populate(new_addr + old_len, new_len - old_len);
	return ret;
}

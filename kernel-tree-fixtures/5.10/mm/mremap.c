// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: source and target of a move may become one VMA. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/syscalls.h>

#include "internal.h"

int vma_expandable(struct vm_area_struct *vma, unsigned long delta);

static unsigned long move_vma(struct vm_area_struct *vma,
		unsigned long old_addr, unsigned long old_len,
		unsigned long new_len, unsigned long new_addr,
		bool *locked, unsigned long flags,
		struct vm_userfaultfd_ctx *uf, struct list_head *uf_unmap)
{
	unsigned long new_pgoff = vma->vm_pgoff + PFN_DOWN(old_addr - vma->vm_start);
	struct mm_struct *mm = vma->vm_mm;
	unsigned long vm_flags = vma->vm_flags;
	unsigned long hiwater_vm = mm->hiwater_vm;
	struct vm_area_struct *new_vma;
	bool need_rmap_locks;
	int err, split = 0;

	if (mm->map_count + 3 > sysctl_max_map_count)
		return -ENOMEM;
	err = ksm_madvise(vma, old_addr, old_addr + old_len,
			  MADV_UNMERGEABLE, &vm_flags);
	if (err)
		return err;

	new_vma = copy_vma(&vma, new_addr, new_len, new_pgoff,
			   &need_rmap_locks);
	if (!new_vma)
		return -ENOMEM;
	new_vma->vm_userfaultfd_ctx = *uf;
	if (!(flags & MREMAP_DONTUNMAP) && (vm_flags & VM_ACCOUNT)) {
		vma->vm_flags &= ~VM_ACCOUNT;
		split = vma->vm_start < old_addr || vma->vm_end > old_addr + old_len;
	}

	vm_stat_account(mm, vma->vm_flags, new_len >> PAGE_SHIFT);

	if (unlikely(!err && (flags & MREMAP_DONTUNMAP))) {
		/*
		 * VMAs can actually be merged back together in copy_vma
		 * calling merge_vma. This can happen with anonymous vmas
		 * which have not yet been faulted, so if we were to consider
		 * this VMA split we'll end up adding VM_ACCOUNT on the
		 * next VMA, which is completely unrelated if this VMA
		 * was re-merged.
		 */
		if (split && new_vma == vma)
			split = 0;

		/* We always clear VM_LOCKED[ONFAULT] on the old vma */
		vma->vm_flags &= VM_LOCKED_CLEAR_MASK;
		/* Because we won't unmap we don't need to touch locked_vm */
	} else {
		if (do_munmap(mm, old_addr, old_len, uf_unmap) < 0)
			vm_unacct_memory(PFN_DOWN(old_len));
		mm->hiwater_vm = hiwater_vm;
	}

	if (split)
		vma->vm_flags |= VM_ACCOUNT;
	if (vm_flags & VM_LOCKED) {
		mm->locked_vm += new_len >> PAGE_SHIFT;
		*locked = true;
	}
	return new_addr;
}

static struct vm_area_struct *vma_to_resize(unsigned long addr,
	unsigned long old_len, unsigned long new_len, unsigned long flags,
	unsigned long *p)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma = find_vma(mm, addr);

	if (!vma || addr < vma->vm_start)
		return ERR_PTR(-EFAULT);
	if ((flags & MREMAP_DONTUNMAP) && is_vm_hugetlb_page(vma))
		return ERR_PTR(-EINVAL);

	if (vma->vm_flags & VM_LOCKED) {
		unsigned long locked, lock_limit;
		locked = mm->locked_vm << PAGE_SHIFT;
		lock_limit = rlimit(RLIMIT_MEMLOCK);
		locked += new_len - old_len;
		if (locked > lock_limit && !capable(CAP_IPC_LOCK))
			return ERR_PTR(-EAGAIN);
	}

	*p = vma->vm_flags & VM_ACCOUNT ? PFN_DOWN(new_len - old_len) : 0;
	if (*p && security_vm_enough_memory_mm(mm, *p))
		return ERR_PTR(-ENOMEM);
	return vma;
}

SYSCALL_DEFINE5(mremap, unsigned long, addr, unsigned long, old_len,
		unsigned long, new_len, unsigned long, flags,
		unsigned long, new_addr)
{
	struct vm_userfaultfd_ctx uf = { NULL };
	struct mm_struct *mm = current->mm;
	unsigned long charged = 0, ret = -EINVAL;
	struct vm_area_struct *vma;
	bool downgraded = false;
	bool locked = false;

	if (addr & ~PAGE_MASK)
		return ret;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	if (old_len > new_len) {
		do_munmap(mm, addr + new_len, old_len - new_len, NULL);
		downgraded = true;
		ret = addr;
		goto unlock;
	}

	vma = vma_to_resize(addr, old_len, new_len, flags, &charged);
	if (IS_ERR(vma)) {
		ret = PTR_ERR(vma);
		goto unlock;
	}

	if (addr + old_len == vma->vm_end && !(flags & MREMAP_DONTUNMAP)) {
		if (vma_expandable(vma, new_len - old_len)) {
			long pages = PFN_DOWN(new_len - old_len);

			vma->vm_end = addr + new_len;
			vm_stat_account(mm, vma->vm_flags, pages);
			if (vma->vm_flags & VM_LOCKED) {
				mm->locked_vm += pages;
				locked = true;
			}
			ret = new_addr = addr;
			goto unlock;
		}
	}
	ret = move_vma(vma, addr, old_len, new_len, new_addr, &locked, flags,
		       &uf, NULL);
unlock:
	if (offset_in_page(ret)) {
		vm_unacct_memory(charged);
		locked = false;
	}
	mmap_write_unlock(mm);
	if (locked && new_len > old_len)
		mm_populate(new_addr + old_len, new_len - old_len);
	return ret;
}

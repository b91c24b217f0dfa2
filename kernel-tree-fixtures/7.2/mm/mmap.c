// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: callers say whether what they map is locked. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

#include "internal.h"

static int check_brk_limits(unsigned long addr, unsigned long len)
{
	if (addr + len > TASK_SIZE)
		return -ENOMEM;
	return mlock_future_ok(current->mm,
			      current->mm->def_flags & VM_LOCKED, len)
		? 0 : -EAGAIN;
}

bool mlock_future_ok(const struct mm_struct *mm, bool is_vma_locked,
		     unsigned long bytes)
{
	unsigned long locked_pages = PFN_DOWN(bytes);

	if (!is_vma_locked || capable(CAP_IPC_LOCK))
		return true;

	locked_pages += mm->locked_vm;
	return locked_pages <= PFN_DOWN(rlimit(RLIMIT_MEMLOCK));
}

unsigned long do_mmap(struct file *file, unsigned long addr,
			unsigned long len, unsigned long prot,
			unsigned long flags, vm_flags_t vm_flags,
			unsigned long pgoff, unsigned long *populate,
			struct list_head *uf)
{
	struct mm_struct *mm = current->mm;

	vm_flags |= prot | flags | mm->def_flags;
	if (!mlock_future_ok(mm, vm_flags & VM_LOCKED, len))
		return -EAGAIN;
	*populate = vm_flags & VM_LOCKED ? len : 0;
	return mmap_region(file, addr, len, vm_flags, pgoff, uf);
}

int do_munmap(struct mm_struct *mm, unsigned long start, size_t len,
	      struct list_head *uf)
{
	VMA_ITERATOR(vmi, mm, start);

	return do_vmi_munmap(&vmi, mm, start, len, uf, false);
}

int vm_brk_flags(unsigned long addr, unsigned long request, bool is_exec)
{
	vma_flags_t vma_flags = legacy_to_vma_flags(is_exec ? VM_EXEC : VM_NONE);
	unsigned long len = PAGE_ALIGN(request);
	VMA_ITERATOR(vmi, current->mm, addr);
	int ret = check_brk_limits(addr, len);

	if (ret || mmap_write_lock_killable(current->mm))
		return ret ? ret : -EINTR;
	vma_flags.word |= VM_ACCOUNT | current->mm->def_flags;
	ret = do_brk_flags(&vmi, vma_prev(&vmi), addr, len, vma_flags);
	mmap_write_unlock(current->mm);
	return ret;
}

static
unsigned long tear_down_vmas(struct mm_struct *mm, struct vma_iterator *vmi,
		struct vm_area_struct *vma, unsigned long end)
{
	unsigned long nr_accounted = 0;

	while (vma && vma->vm_start < end) {
		if (vma->vm_flags & VM_ACCOUNT)
			nr_accounted += vma_pages(vma);
		mm->map_count--;
		remove_vma(vma);
		vma = vma_next(vmi);
	}
	return nr_accounted;
}

void exit_mmap(struct mm_struct *mm)
{
	VMA_ITERATOR(vmi, mm, 0);

	mmap_write_lock(mm);
	vm_unacct_memory(tear_down_vmas(mm, &vmi, vma_next(&vmi), ULONG_MAX));
	mmap_write_unlock(mm);
}

__latent_entropy int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm)
{
	struct vm_area_struct *mpnt, *tmp;
	int retval = 0;
	VMA_ITERATOR(vmi, oldmm, 0);

	if (mmap_write_lock_killable(oldmm))
		return -EINTR;
	mmap_write_lock(mm);
	mm->total_vm = oldmm->total_vm;

	for_each_vma(vmi, mpnt) {
		if (mpnt->vm_flags & VM_DONTCOPY) {
			vm_stat_account(mm, mpnt->vm_flags, -vma_pages(mpnt));
			continue;
		}
		tmp = vm_area_dup(mpnt);
		if (!tmp) {
			retval = -ENOMEM;
			break;
		}
		vm_flags_clear(tmp, VM_LOCKED_MASK);
		tmp->vm_mm = mm;
		mm->map_count++;
	}
	if (!retval) {
		khugepaged_fork(mm, oldmm);
	}

	mmap_write_unlock(mm);
	mmap_write_unlock(oldmm);
	return retval;
}

int expand_stack_locked(struct vm_area_struct *vma, unsigned long address);

#ifdef CONFIG_STACK_GROWSUP
struct vm_area_struct *find_extend_vma_locked(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *prev = find_vma(mm, addr - PAGE_SIZE);

	if (!prev || expand_stack_locked(prev, addr))
		return NULL;
	if (prev->vm_flags & VM_LOCKED)
		populate_vma_page_range(prev, addr, prev->vm_end, NULL);
	return prev;
}
#else
struct vm_area_struct *find_extend_vma_locked(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);
	unsigned long start = vma ? vma->vm_start : 0;

	if (start <= addr)
		return vma;
	if (expand_stack_locked(vma, addr))
		return NULL;
	if (vma->vm_flags & VM_LOCKED)
		populate_vma_page_range(vma, addr, start, NULL);
	return vma;
}
#endif

/* Pages of the kernel that a process sees. They are never locked: nothing would charge them. */
static struct vm_area_struct *__install_special_mapping(
	struct mm_struct *mm,
	unsigned long addr, unsigned long len,
	vm_flags_t vm_flags, void *priv,
	const struct vm_operations_struct *ops)
{
	struct vm_area_struct *vma = vm_area_alloc(mm);

	if (vma) {
		vma->vm_start = addr;
		vma->vm_end = addr + len;
		vma->vm_file = priv;
		vma->vm_ops = ops;
		vm_flags_init(vma, (vm_flags | mm->def_flags) & ~(VM_LOCKED | VM_LOCKONFAULT));
		vm_stat_account(mm, vma->vm_flags, PFN_DOWN(len));
	}
	return vma;
}

bool map_vdso(struct mm_struct *mm, unsigned long addr, unsigned long len,
	      const struct vm_operations_struct *ops)
{
	return __install_special_mapping(mm, addr, len, VM_READ, NULL, ops);
}

// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: the limit check answers yes or no. */
#include <linux/mm.h>
#include <linux/sched.h>

#include "internal.h"

bool mlock_future_ok(struct mm_struct *mm, unsigned long flags,
			unsigned long bytes)
{
	unsigned long locked_pages = PFN_DOWN(bytes);

	if (!(flags & VM_LOCKED) || capable(CAP_IPC_LOCK))
		return true;

	locked_pages += mm->locked_vm;
	return locked_pages <= PFN_DOWN(rlimit(RLIMIT_MEMLOCK));
}

/* Address space, stack and locked memory have limits. */
static int acct_stack_growth(struct vm_area_struct *vma,
			     unsigned long size, unsigned long grow)
{
	struct mm_struct *mm = vma->vm_mm;

	if (size > rlimit(RLIMIT_STACK))
		return -ENOMEM;
	if (!may_expand_vm(mm, vma->vm_flags, grow))
		return -ENOMEM;
	if (!mlock_future_ok(mm, vma->vm_flags, grow << PAGE_SHIFT))
		return -ENOMEM;
	return security_vm_enough_memory_mm(mm, grow);
}

#if defined(CONFIG_STACK_GROWSUP)
static int expand_upwards(struct vm_area_struct *vma, unsigned long address)
{
	struct mm_struct *mm = vma->vm_mm;
	int error = 0;

	address = PAGE_ALIGN(address + 1);
	if (address > vma->vm_end) {
		unsigned long grow = PFN_DOWN(address - vma->vm_end);

		error = acct_stack_growth(vma, address - vma->vm_start, grow);
		if (!error) {
			spin_lock(&mm->page_table_lock);
			if (vma->vm_flags & VM_LOCKED)
				mm->locked_vm += grow;
			vm_stat_account(mm, vma->vm_flags, grow);
			vma->vm_end = address;
			spin_unlock(&mm->page_table_lock);
		}
	}
	return error;
}
#endif

int expand_downwards(struct vm_area_struct *vma, unsigned long address)
{
	struct mm_struct *mm = vma->vm_mm;
	int error = 0;

	address &= PAGE_MASK;
	if (address < vma->vm_start) {
		unsigned long grow = PFN_DOWN(vma->vm_start - address);

		error = acct_stack_growth(vma, vma->vm_end - address, grow);
		if (!error) {
			/* The mmap lock may be held for reading only. */
			spin_lock(&mm->page_table_lock);
			if (vma->vm_flags & VM_LOCKED)
				mm->locked_vm += grow;
			vm_stat_account(mm, vma->vm_flags, grow);
			vma->vm_start = address;
			vma->vm_pgoff -= grow;
			spin_unlock(&mm->page_table_lock);
		}
	}
	return error;
}

int do_munmap(struct mm_struct *mm, unsigned long start, size_t len,
	      struct list_head *uf)
{
	VMA_ITERATOR(vmi, mm, start);

	return do_vmi_munmap(&vmi, mm, start, len, uf, false);
}

static unsigned long __mmap_region(struct file *file, unsigned long addr,
		unsigned long len, vm_flags_t vm_flags, unsigned long pgoff,
		struct list_head *uf)
{
	struct mm_struct *mm = current->mm;
	unsigned long pglen = PFN_DOWN(len);
	struct vm_area_struct *vma;
	int error;

	error = do_munmap(mm, addr, len, uf);
	if (error)
		return error;
	vma = vm_area_alloc(mm);
	if (!vma)
		return -ENOMEM;

	vma->vm_start = addr;
	vma->vm_end = addr + len;
	vma->vm_file = file;
	vma->vm_pgoff = pgoff;
	vm_flags_init(vma, vm_flags);
	if (vma_link(mm, vma)) {
		vm_area_free(vma);
		return -ENOMEM;
	}

	vm_stat_account(mm, vm_flags, pglen);
	if (vm_flags & VM_LOCKED) {
		if (!vma_supports_mlock(vma))
			vm_flags_clear(vma, VM_LOCKED_MASK);
		else
			mm->locked_vm += pglen;
	}
	return addr;
}

unsigned long mmap_region(struct file *file, unsigned long addr,
			  unsigned long len, vm_flags_t vm_flags, unsigned long pgoff,
			  struct list_head *uf)
{
	unsigned long ret = __mmap_region(file, addr, len, vm_flags, pgoff, uf);

	if (IS_ERR_VALUE(ret))
		pr_debug("no mapping at %lx\n", addr);
	return ret;
}

unsigned long do_mmap(struct file *file, unsigned long addr,
			unsigned long len, unsigned long prot,
			unsigned long flags, vm_flags_t vm_flags,
			unsigned long pgoff, unsigned long *populate,
			struct list_head *uf)
{
	struct mm_struct *mm = current->mm;

	vm_flags |= prot | flags | mm->def_flags;
	if (!mlock_future_ok(mm, vm_flags, len))
		return -EAGAIN;
	*populate = vm_flags & VM_LOCKED ? len : 0;
	return mmap_region(file, addr, len, vm_flags, pgoff, uf);
}

static int do_brk_flags(struct vma_iterator *vmi, struct vm_area_struct *vma,
		unsigned long addr, unsigned long len, unsigned long flags)
{
	struct mm_struct *mm = current->mm;
	int error;

	flags |= VM_ACCOUNT | mm->def_flags;
	if (!mlock_future_ok(mm, flags, len))
		return -EAGAIN;
	error = vma_expand_to(vmi, vma, vma->vm_start, addr + len);
	if (error)
		return error;

	mm->total_vm += PFN_DOWN(len);
	mm->data_vm += PFN_DOWN(len);
	if (flags & VM_LOCKED)
		mm->locked_vm += (len >> PAGE_SHIFT);
	vm_flags_set(vma, VM_SOFTDIRTY);
	return 0;
}

void exit_mmap(struct mm_struct *mm)
{
	unsigned long nr_accounted = 0;
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, mm, 0);

	mmap_write_lock(mm);
	for_each_vma(vmi, vma) {
		if (vma->vm_flags & VM_ACCOUNT)
			nr_accounted += vma_pages(vma);
		remove_vma(vma, true);
	}
	mmap_write_unlock(mm);
	vm_unacct_memory(nr_accounted);
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
	unsigned long vm_flags, void *priv,
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

// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: VMAs in a list, and a walk to munlock them. */
#include <linux/mm.h>
#include <linux/sched.h>

#include "internal.h"

bool find_vma_links(struct mm_struct *mm, unsigned long addr, unsigned long end,
		    struct vm_area_struct **pprev);
struct vm_area_struct *vma_adjacent(struct mm_struct *mm, struct vm_area_struct *prev,
				    unsigned long addr, unsigned long end);
void detach_vmas_to_be_unmapped(struct mm_struct *mm, struct vm_area_struct *vma,
				struct vm_area_struct *prev, unsigned long end);
void remove_vma_list(struct mm_struct *mm, struct vm_area_struct *vma);

struct vm_area_struct *vma_merge(struct mm_struct *mm,
			struct vm_area_struct *prev, unsigned long addr,
			unsigned long end, unsigned long vm_flags,
			struct anon_vma *anon_vma, struct file *file,
			pgoff_t pgoff, struct mempolicy *policy,
			struct vm_userfaultfd_ctx vm_userfaultfd_ctx)
{
	struct vm_area_struct *near = vma_adjacent(mm, prev, addr, end);

	if (!near || near->vm_flags != vm_flags || near->anon_vma != anon_vma)
		return NULL;
	if (near->vm_file != file || near->vm_policy != policy)
		return NULL;
	if (near->vm_userfaultfd_ctx.ctx != vm_userfaultfd_ctx.ctx)
		return NULL;
	if (near->vm_start > addr) {
		near->vm_start = addr;
		near->vm_pgoff = pgoff;
	}
	near->vm_end = max(near->vm_end, end);
	return near;
}

static inline int mlock_future_check(struct mm_struct *mm,
				     unsigned long flags,
				     unsigned long len)
{
	unsigned long locked, lock_limit;

	/*  mlock MCL_FUTURE? */
	if (flags & VM_LOCKED) {
		lock_limit = PFN_DOWN(rlimit(RLIMIT_MEMLOCK));
		locked = PFN_DOWN(len);
		locked += mm->locked_vm;
		if (locked > lock_limit && !capable(CAP_IPC_LOCK))
			return -EAGAIN;
	}
	return 0;
}

unsigned long do_mmap(struct file *file, unsigned long addr,
			unsigned long len, unsigned long prot,
			unsigned long flags, unsigned long pgoff,
			unsigned long *populate, struct list_head *uf)
{
	struct mm_struct *mm = current->mm;
	vm_flags_t vm_flags = prot | flags | mm->def_flags;

	if (mlock_future_check(mm, vm_flags, len))
		return -EAGAIN;
	*populate = vm_flags & VM_LOCKED ? len : 0;
	return mmap_region(file, addr, len, vm_flags, pgoff, uf);
}

static unsigned long __mmap_region(struct file *file, unsigned long addr,
		unsigned long len, vm_flags_t vm_flags, unsigned long pgoff,
		struct list_head *uf)
{
	struct mm_struct *mm = current->mm;
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
	vma->vm_flags = vm_flags;
	if (insert_vm_struct(mm, vma)) {
		vm_area_free(vma);
		return -ENOMEM;
	}

	vm_stat_account(mm, vm_flags, PFN_DOWN(len));
	if (vm_flags & VM_LOCKED) {
		if ((vm_flags & VM_SPECIAL) || vma_is_dax(vma) ||
					is_vm_hugetlb_page(vma) ||
					vma == get_gate_vma(current->mm))
			vma->vm_flags &= VM_LOCKED_CLEAR_MASK;
		else
			mm->locked_vm += (len >> PAGE_SHIFT);
	}
	return addr;
}

/* Address space, stack and locked memory have limits. */
static int acct_stack_growth(struct vm_area_struct *vma,
			     unsigned long size, unsigned long grow)
{
	struct mm_struct *mm = vma->vm_mm;

	if (size > rlimit(RLIMIT_STACK) || !may_expand_vm(mm, vma->vm_flags, grow))
		return -ENOMEM;

	if (vma->vm_flags & VM_LOCKED) {
		unsigned long locked;
		unsigned long limit;
		locked = mm->locked_vm + grow;
		limit = rlimit(RLIMIT_MEMLOCK);
		limit >>= PAGE_SHIFT;
		if (locked > limit && !capable(CAP_IPC_LOCK))
			return -ENOMEM;
	}
	return security_vm_enough_memory_mm(mm, grow);
}

#if defined(CONFIG_STACK_GROWSUP) || defined(CONFIG_IA64)
int expand_upwards(struct vm_area_struct *vma, unsigned long address)
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

int expand_downwards(struct vm_area_struct *vma,
				   unsigned long address)
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

int split_vma(struct mm_struct *mm, struct vm_area_struct *vma,
	      unsigned long addr, int new_below)
{
	if (mm->map_count < sysctl_max_map_count)
		return __split_vma(mm, vma, addr, new_below);
	return -ENOMEM;
}

int __do_munmap(struct mm_struct *mm, unsigned long start, size_t len,
		struct list_head *uf, bool downgrade)
{
	unsigned long end = start + PAGE_ALIGN(len);
	struct vm_area_struct *vma, *prev, *last;
	int error = 0;

	if ((start & ~PAGE_MASK) || end <= start)
		return -EINVAL;
	vma = find_vma(mm, start);
	if (!vma || vma->vm_start >= end)
		return 0;

	if (vma->vm_start < start)
		error = __split_vma(mm, vma, start, 0);
	last = error ? NULL : find_vma(mm, end);
	if (last && last->vm_start < end)
		error = __split_vma(mm, last, end, 1);
	if (error)
		return error;
	vma = find_vma(mm, start);
	prev = vma->vm_prev;

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
	if (uf)
		pr_debug("%lx to %lx are unmapped\n", start, end);
	remove_vma_list(mm, vma);
	return downgrade ? 1 : 0;
}

int do_munmap(struct mm_struct *mm, unsigned long start, size_t len,
	      struct list_head *uf)
{
	return __do_munmap(mm, start, len, uf, false);
}

unsigned long mmap_region(struct file *file, unsigned long addr,
			  unsigned long len, vm_flags_t vm_flags, unsigned long pgoff,
			  struct list_head *uf)
{
	return __mmap_region(file, addr, len, vm_flags, pgoff, uf);
}

static int do_brk_flags(unsigned long addr, unsigned long len, unsigned long flags, struct list_head *uf)
{
	struct vm_userfaultfd_ctx none = { NULL };
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma, *prev;
	int error;

	flags |= VM_ACCOUNT | mm->def_flags;
	error = mlock_future_check(mm, mm->def_flags, len);
	if (!error && !find_vma_links(mm, addr, addr + len, &prev))
		error = do_munmap(mm, addr, len, uf);
	if (error)
		return error;
	vma = vma_merge(mm, prev, addr, addr + len, flags, NULL, NULL,
			PFN_DOWN(addr), NULL, none);
	if (!vma)
		return -ENOMEM;

	mm->total_vm += PFN_DOWN(len);
	mm->data_vm += PFN_DOWN(len);
	if (flags & VM_LOCKED)
		mm->locked_vm += (len >> PAGE_SHIFT);
	vma->vm_flags |= VM_SOFTDIRTY;
	return 0;
}

void exit_mmap(struct mm_struct *mm)
{
	unsigned long nr_accounted = 0;
	struct vm_area_struct *vma;

	if (mm->locked_vm) {
		vma = mm->mmap;
		while (vma) {
			if (vma->vm_flags & VM_LOCKED)
				munlock_vma_pages_all(vma);
			vma = vma->vm_next;
		}
	}

	for (vma = mm->mmap; vma; vma = vma->vm_next) {
		if (vma->vm_flags & VM_ACCOUNT)
			nr_accounted += vma_pages(vma);
	}
	remove_vma_list(mm, mm->mmap);
	vm_unacct_memory(nr_accounted);
}

struct vm_area_struct *copy_vma(struct vm_area_struct **vmap,
	unsigned long addr, unsigned long len, pgoff_t pgoff,
	bool *need_rmap_locks)
{
	struct vm_area_struct *vma = *vmap, *new_vma, *prev;
	struct mm_struct *mm = vma->vm_mm;
	bool faulted_in_anon_vma = vma->vm_file || vma->anon_vma;

	if (!faulted_in_anon_vma)
		pgoff = PFN_DOWN(addr);
	if (find_vma_links(mm, addr, addr + len, &prev))
		return NULL;
	new_vma = vma_merge(mm, prev, addr, addr + len, vma->vm_flags,
			    vma->anon_vma, vma->vm_file, pgoff, vma_policy(vma),
			    vma->vm_userfaultfd_ctx);
	if (new_vma) {
		*need_rmap_locks = new_vma->vm_pgoff <= vma->vm_pgoff;
		return new_vma;
	}

	*need_rmap_locks = false;
	new_vma = vm_area_dup(vma);
	if (new_vma) {
		new_vma->vm_start = addr;
		new_vma->vm_end = addr + len;
		new_vma->vm_pgoff = pgoff;
	}
	return new_vma;
}

static struct vm_area_struct *__install_special_mapping(
	struct mm_struct *mm,
	unsigned long addr, unsigned long len,
	unsigned long vm_flags, void *priv,
	const struct vm_operations_struct *ops)
{
	struct vm_area_struct *vma = vm_area_alloc(mm);

	if (!vma)
		return NULL;
	vma->vm_start = addr;
	vma->vm_end = addr + len;
	vma->vm_flags = vm_flags | mm->def_flags | VM_DONTEXPAND | VM_SOFTDIRTY;
	vma->vm_file = priv;
	vma->vm_ops = ops;
	if (!insert_vm_struct(mm, vma)) {
		vm_stat_account(mm, vma->vm_flags, PFN_DOWN(len));
		return vma;
	}
	vm_area_free(vma);
	return NULL;
}

bool map_vdso(struct mm_struct *mm, unsigned long addr, unsigned long len,
	      const struct vm_operations_struct *ops)
{
	return __install_special_mapping(mm, addr, len, VM_READ, NULL, ops);
}

int expand_stack(struct vm_area_struct *vma, unsigned long address);

#ifdef CONFIG_STACK_GROWSUP
struct vm_area_struct *
find_extend_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *prev = find_vma(mm, addr - PAGE_SIZE);

	if (prev == NULL || expand_stack(prev, addr) < 0)
		return NULL;
	if (prev->vm_flags & VM_LOCKED)
		populate_vma_page_range(prev, addr, prev->vm_end, NULL);
	return prev;
}
#else
struct vm_area_struct *
find_extend_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);
	unsigned long start = vma ? vma->vm_start : 0;

	if (start <= addr)
		return vma;
	if (expand_stack(vma, addr))
		return NULL;
	if (vma->vm_flags & VM_LOCKED)
		populate_vma_page_range(vma, addr, start, NULL);
	return vma;
}
#endif

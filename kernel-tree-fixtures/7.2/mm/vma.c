// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: mmap, brk and stacks grow here, flags are a bitmap. */
#include "internal.h"

void remove_vma(struct vm_area_struct *vma)
{
	vma_close(vma);
	vm_area_free(vma);
}

int split_vma(struct vma_iterator *vmi, struct vm_area_struct *vma,
	      unsigned long addr, int new_below)
{
	if (vma->vm_mm->map_count < sysctl_max_map_count)
		return __split_vma(vmi, vma, addr, new_below);
	return -ENOMEM;
}

static void vms_complete_munmap_vmas(struct vma_munmap_struct *vms,
		struct ma_state *mas_detach)
{
	struct mm_struct *mm = current->mm;
	struct vma_iterator gone = { .mas = *mas_detach };
	struct vm_area_struct *vma;

	mm->map_count -= vms->vma_count;
	mm->locked_vm -= vms->locked_vm;
	mm->total_vm -= vms->nr_pages;
	vm_unacct_memory(vms->nr_accounted);
	for_each_vma(gone, vma)
		remove_vma(vma);
	if (vms->unlock)
		mmap_write_unlock(mm);
}

static int vms_gather_munmap_vmas(struct vma_munmap_struct *vms,
		struct ma_state *mas_detach)
{
	struct vm_area_struct *next;
	int error = 0;

	if (vms->start > vms->vma->vm_start)
		error = split_vma(vms->vmi, vms->vma, vms->start, 1);

	for (next = vms->vma; next && !error; next = vma_next(vms->vmi)) {
		long nrpages;

		if (next->vm_start >= vms->end)
			break;
		if (next->vm_end > vms->end)
			error = split_vma(vms->vmi, next, vms->end, 0);
		if (error)
			break;

		nrpages = vma_pages(next);
		vms->vma_count++;
		vms->nr_pages += nrpages;
		if (vma_test(next, VMA_LOCKED_BIT))
			vms->locked_vm += nrpages;
		if (next->vm_flags & VM_ACCOUNT)
			vms->nr_accounted += nrpages;
		mas_detach->last = next->vm_end;
	}
	vms->next = next;
	return error;
}

static void init_vma_munmap(struct vma_munmap_struct *vms,
		struct vma_iterator *vmi, struct vm_area_struct *vma,
		unsigned long start, unsigned long end, struct list_head *uf,
		bool unlock)
{
	*vms = (struct vma_munmap_struct){ .vmi = vmi, .vma = vma, .uf = uf };
	vms->start = start;
	vms->end = end;
	vms->unlock = unlock;
	vms->nr_pages = vms->locked_vm = vms->nr_accounted = 0;
}

int do_vmi_munmap(struct vma_iterator *vmi, struct mm_struct *mm,
		  unsigned long start, size_t len, struct list_head *uf,
		  bool unlock)
{
	struct ma_state detached = { .tree = &mm->mm_mt };
	struct vma_munmap_struct vms;
	struct vm_area_struct *vma;
	unsigned long end = start + PAGE_ALIGN(len);
	int error;

	if ((start & ~PAGE_MASK) || !len || end < start)
		return -EINVAL;

	vma = find_vma(mm, start);
	if (!vma || vma->vm_start >= end) {
		if (unlock)
			mmap_write_unlock(mm);
		return 0;
	}

	init_vma_munmap(&vms, vmi, vma, start, end, uf, unlock);
	error = vms_gather_munmap_vmas(&vms, &detached);
	if (!error)
		vms_complete_munmap_vmas(&vms, &detached);
	return error;
}

struct vm_area_struct *vma_modify_flags(struct vma_iterator *vmi,
		struct vm_area_struct *prev, struct vm_area_struct *vma,
		unsigned long start, unsigned long end,
		vma_flags_t *vma_flags_ptr)
{
	vm_flags_t flags = vma_flags_to_legacy(*vma_flags_ptr);
	int error = 0;

	if (prev && prev->vm_end == start && prev->vm_flags == flags) {
		error = vma_expand_to(vmi, prev, prev->vm_start, end);
		return error ? ERR_PTR(error) : prev;
	}
	if (vma->vm_start < start)
		error = split_vma(vmi, vma, start, 1);
	if (!error && end < vma->vm_end)
		error = split_vma(vmi, vma, end, 0);
	return error ? ERR_PTR(error) : vma;
}

struct mmap_state {
	struct mm_struct *mm;
	unsigned long addr, pglen;
	vma_flags_t vma_flags;
};

static void __mmap_complete(struct mmap_state *map, struct vm_area_struct *vma)
{
	struct mm_struct *mm = map->mm;

	vm_stat_account(mm, vma->vm_flags, map->pglen);
	if (vma_test(vma, VMA_LOCKED_BIT)) {
		if (!vma_supports_mlock(vma))
			vma_clear_flags_mask(vma, VMA_LOCKED_MASK);
		else
			mm->locked_vm += map->pglen;
	}
}

static unsigned long __mmap_region(struct file *file, unsigned long addr,
		unsigned long len, vma_flags_t vma_flags,
		unsigned long pgoff, struct list_head *uf)
{
	struct mmap_state map = {
		.mm = current->mm,
		.addr = addr,
		.pglen = PFN_DOWN(len),
		.vma_flags = vma_flags,
	};
	struct vm_area_struct *vma;
	int error;

	error = do_munmap(map.mm, addr, len, uf);
	if (error)
		return error;
	vma = vm_area_alloc(map.mm);
	if (!vma)
		return -ENOMEM;

	vma->vm_start = map.addr;
	vma->vm_end = addr + len;
	vma->vm_file = file;
	vma->vm_pgoff = pgoff;
	vma->flags = map.vma_flags;
	if (vma_link(map.mm, vma)) {
		vm_area_free(vma);
		return -ENOMEM;
	}
	__mmap_complete(&map, vma);
	return addr;
}

unsigned long mmap_region(struct file *file, unsigned long addr,
			  unsigned long len, vm_flags_t vm_flags,
			  unsigned long pgoff, struct list_head *uf)
{
	return __mmap_region(file, addr, len, legacy_to_vma_flags(vm_flags), pgoff, uf);
}

int do_brk_flags(struct vma_iterator *vmi, struct vm_area_struct *vma,
		 unsigned long addr, unsigned long len, vma_flags_t vma_flags)
{
	struct mm_struct *mm = current->mm;
	int error = vma_expand_to(vmi, vma, vma->vm_start, addr + len);

	if (error)
		return error;
	mm->total_vm += PFN_DOWN(len);
	mm->data_vm += PFN_DOWN(len);
	if (vma_flags_test(&vma_flags, VMA_LOCKED_BIT))
		mm->locked_vm += (len >> PAGE_SHIFT);
	return 0;
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
	if (!mlock_future_ok(mm, vma_test(vma, VMA_LOCKED_BIT),
			     grow << PAGE_SHIFT))
		return -ENOMEM;
	return security_vm_enough_memory_mm(mm, grow);
}

#ifdef CONFIG_STACK_GROWSUP
int expand_upwards(struct vm_area_struct *vma, unsigned long address)
{
	struct mm_struct *mm = vma->vm_mm;
	int error = 0;

	address = PAGE_ALIGN(address + 1);
	if (address > vma->vm_end) {
		unsigned long grow = PFN_DOWN(address - vma->vm_end);

		error = acct_stack_growth(vma, address - vma->vm_start, grow);
		if (!error) {
			if (vma_test(vma, VMA_LOCKED_BIT))
				mm->locked_vm += grow;
			vm_stat_account(mm, vma->vm_flags, grow);
			vma->vm_end = address;
		}
	}
	return error;
}
#endif

/* The mmap lock is held for writing, so that there is no other lock to take. */
int expand_downwards(struct vm_area_struct *vma, unsigned long address)
{
	struct mm_struct *mm = vma->vm_mm;
	int error = 0;

	address &= PAGE_MASK;
	if (address < vma->vm_start) {
		unsigned long grow = PFN_DOWN(vma->vm_start - address);

		error = acct_stack_growth(vma, vma->vm_end - address, grow);
		if (!error) {
			if (vma_test(vma, VMA_LOCKED_BIT))
				mm->locked_vm += grow;
			vm_stat_account(mm, vma->vm_flags, grow);
			vma->vm_start = address;
			vma->vm_pgoff -= grow;
		}
	}
	return error;
}

struct vm_area_struct *copy_vma(struct vm_area_struct **vmap,
	unsigned long addr, unsigned long len, pgoff_t pgoff,
	bool *need_rmap_locks, bool keep_source)
{
	struct vm_area_struct *new_vma = vm_area_dup(*vmap);

	/* A miniature never merges, whether the source is kept or not. */
	*need_rmap_locks = false;
	if (new_vma && vma_link(new_vma->vm_mm, new_vma)) {
		vm_area_free(new_vma);
		return NULL;
	}
	return new_vma;
}

// SPDX-License-Identifier: GPL-2.0-only
void remove_vma(struct vm_area_struct *vma)
{
	vma_close(vma);
}

int split_vma(struct vma_iterator *vmi, struct vm_area_struct *vma,
	      unsigned long addr, int new_below)
{
}

static void vms_complete_munmap_vmas(struct vma_munmap_struct *vms,
		struct ma_state *mas_detach)
{
	mm->locked_vm -= vms->locked_vm;
}

static int vms_gather_munmap_vmas(struct vma_munmap_struct *vms,
		struct ma_state *mas_detach)
{
		long nrpages;

		if (vma_test(next, VMA_LOCKED_BIT))
			vms->locked_vm += nrpages;
}

static void init_vma_munmap(struct vma_munmap_struct *vms,
		struct vma_iterator *vmi, struct vm_area_struct *vma,
		unsigned long start, unsigned long end, struct list_head *uf,
		bool unlock)
{
	vms->nr_pages = vms->locked_vm = vms->nr_accounted = 0;
}

struct vm_area_struct *vma_modify_flags(struct vma_iterator *vmi,
		struct vm_area_struct *prev, struct vm_area_struct *vma,
		unsigned long start, unsigned long end,
		vma_flags_t *vma_flags_ptr)
{
}

static void __mmap_complete(struct mmap_state *map, struct vm_area_struct *vma)
{
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
}

unsigned long mmap_region(struct file *file, unsigned long addr,
			  unsigned long len, vm_flags_t vm_flags,
			  unsigned long pgoff, struct list_head *uf)
{
}

int do_brk_flags(struct vma_iterator *vmi, struct vm_area_struct *vma,
		 unsigned long addr, unsigned long len, vma_flags_t vma_flags)
{
	if (vma_flags_test(&vma_flags, VMA_LOCKED_BIT))
		mm->locked_vm += (len >> PAGE_SHIFT);
}

static int acct_stack_growth(struct vm_area_struct *vma,
			     unsigned long size, unsigned long grow)
{
	if (!mlock_future_ok(mm, vma_test(vma, VMA_LOCKED_BIT),
			     grow << PAGE_SHIFT))
		return -ENOMEM;
}

#ifdef CONFIG_STACK_GROWSUP

int expand_upwards(struct vm_area_struct *vma, unsigned long address)
{
				if (vma_test(vma, VMA_LOCKED_BIT))
					mm->locked_vm += grow;
}
#endif

int expand_downwards(struct vm_area_struct *vma, unsigned long address)
{
				if (vma_test(vma, VMA_LOCKED_BIT))
					mm->locked_vm += grow;
}

// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: charged first, compared afterwards. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

struct ib_device;

struct ib_umem {
	struct mm_struct *owning_mm;
	struct page **pages;
	unsigned long address;
	size_t length;
};

struct ib_umem *ib_umem_get(struct ib_device *device, unsigned long addr,
			    size_t size, int access)
{
	unsigned long npages = PFN_UP((addr & ~PAGE_MASK) + size);
	unsigned int gup_flags = FOLL_LONGTERM;
	struct mm_struct *mm = current->mm;
	unsigned long lock_limit;
	unsigned long new_pinned;
	struct ib_umem *umem;
	long ret = -ENOMEM;

	umem = kzalloc(sizeof(*umem), GFP_KERNEL);
	if (!umem || !device)
		return ERR_PTR(-ENOMEM);
	umem->address = addr;
	umem->length = size;
	umem->owning_mm = mm;
	mmgrab(mm);

	lock_limit = PFN_DOWN(rlimit(RLIMIT_MEMLOCK));
	new_pinned = atomic64_add_return(npages, &mm->pinned_vm);
	if (new_pinned > lock_limit && !capable(CAP_IPC_LOCK)) {
		ret = -ENOMEM;
		goto uncharge;
	}

	if (access)
		gup_flags |= FOLL_WRITE;
	umem->pages = kvmalloc_array(npages, sizeof(*umem->pages), GFP_KERNEL);
	if (umem->pages)
		ret = pin_user_pages(addr & PAGE_MASK, npages, gup_flags, umem->pages,
				     NULL);
	if (ret >= 0)
		return umem;

 uncharge:
	atomic64_sub(npages, &mm->pinned_vm);
	mmdrop(mm);
	kfree(umem);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL(ib_umem_get);

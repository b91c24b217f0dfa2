// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: compared and charged at two ends of a function. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

struct vduse_umem {
	struct page **pages;
	u64 iova, npages;
	struct mm_struct *mm;
};

struct vduse_dev {
	struct mutex mem_lock;
	struct vduse_umem *umem;
};

int vduse_domain_add_user_bounce_pages(struct vduse_dev *dev, struct page **pages, int count);

static int vduse_dev_reg_umem(struct vduse_dev *dev,
			      u64 iova, u64 uaddr, u64 size)
{
	struct page **page_list = NULL;
	struct vduse_umem *umem = NULL;
	unsigned long npages = PFN_DOWN(size), lock_limit;
	long pinned = 0;
	int ret = -EBUSY;

	mutex_lock(&dev->mem_lock);
	if (dev->umem)
		goto done;

	mmap_read_lock(current->mm);
	ret = -ENOMEM;
	lock_limit = PFN_DOWN(rlimit(RLIMIT_MEMLOCK));
	if (npages + atomic64_read(&current->mm->pinned_vm) > lock_limit)
		goto out;

	page_list = kvmalloc_array(npages, sizeof(*page_list), GFP_KERNEL);
	umem = kzalloc(sizeof(*umem), GFP_KERNEL);
	if (!page_list || !umem)
		goto out;
	pinned = pin_user_pages(uaddr, npages, FOLL_LONGTERM | FOLL_WRITE, page_list);
	ret = pinned == npages ? 0 : -ENOMEM;
	if (!ret)
		ret = vduse_domain_add_user_bounce_pages(dev, page_list, pinned);
	if (ret)
		goto out;

	atomic64_add(npages, &current->mm->pinned_vm);

	umem->pages = page_list;
	dev->umem = umem;
	umem->iova = iova;
	umem->npages = pinned;
	mmgrab(current->mm);
	umem->mm = current->mm;

out:
	if (ret && pinned > 0)
		unpin_user_pages(page_list, pinned);

	mmap_read_unlock(current->mm);
done:
	if (ret) {
		kvfree(page_list);
		kfree(umem);
	}
	mutex_unlock(&dev->mem_lock);
	return ret;
}

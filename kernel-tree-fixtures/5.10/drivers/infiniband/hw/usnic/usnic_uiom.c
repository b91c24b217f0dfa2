// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: an exit ladder that gives charges back, or forgets to. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

struct usnic_uiom_pd {
	spinlock_t lock;
};

struct usnic_uiom_reg {
	unsigned long va;
	size_t length;
	struct list_head chunk_list;
	struct mm_struct *owning_mm;
};

void usnic_uiom_put_pages(struct list_head *chunk_list, int dirty);
int usnic_uiom_add_chunk(struct list_head *chunk_list, struct page **page_list, int count);
int usnic_uiom_map(struct usnic_uiom_pd *pd, struct usnic_uiom_reg *uiomr);

static int usnic_uiom_get_pages(unsigned long addr, size_t size, int writable,
				int dmasync, struct usnic_uiom_reg *uiomr)
{
	struct list_head *chunk_list = &uiomr->chunk_list;
	unsigned int gup_flags = FOLL_LONGTERM | (writable ? FOLL_WRITE : 0);
	unsigned long locked, lock_limit, cur_base;
	struct page *page_list[16];
	unsigned long npages;
	int ret;

	if (!can_do_mlock() || dmasync)
		return -EPERM;

	npages = PAGE_ALIGN(size + (addr & ~PAGE_MASK)) >> PAGE_SHIFT;
	uiomr->owning_mm = current->mm;
	mmap_read_lock(current->mm);

	lock_limit = PFN_DOWN(rlimit(RLIMIT_MEMLOCK));
	locked = atomic64_add_return(npages, &current->mm->pinned_vm);
	if (locked > lock_limit && !capable(CAP_IPC_LOCK)) {
		ret = -ENOMEM;
		goto out;
	}

	ret = 0;
	for (cur_base = addr & PAGE_MASK; npages; cur_base += ret * PAGE_SIZE) {
		ret = pin_user_pages(cur_base, min(npages, 16UL), gup_flags, page_list,
				     NULL);
		if (ret < 0)
			goto out;
		npages -= ret;
		if (usnic_uiom_add_chunk(chunk_list, page_list, ret)) {
			ret = -ENOMEM;
			goto out;
		}
	}

out:
	if (ret < 0) {
		usnic_uiom_put_pages(chunk_list, 0);
		atomic64_sub(npages, &current->mm->pinned_vm);
	} else {
		mmgrab(uiomr->owning_mm);
	}
	mmap_read_unlock(current->mm);
	return ret < 0 ? ret : 0;
}

struct usnic_uiom_reg *usnic_uiom_reg_get(struct usnic_uiom_pd *pd,
						unsigned long addr, size_t size,
						int writable, int dmasync)
{
	unsigned long npages = PFN_UP((addr & ~PAGE_MASK) + size);
	struct usnic_uiom_reg *uiomr;
	int err;

	uiomr = kzalloc(sizeof(*uiomr), GFP_KERNEL);
	if (!uiomr || !npages)
		return ERR_PTR(-ENOMEM);
	uiomr->va = addr & PAGE_MASK;
	uiomr->length = npages << PAGE_SHIFT;

	err = usnic_uiom_get_pages(addr, size, writable, dmasync, uiomr);
	if (err)
		goto out_free;
	spin_lock(&pd->lock);
	err = usnic_uiom_map(pd, uiomr);
	if (err)
		goto out_put_pages;
	spin_unlock(&pd->lock);
	return uiomr;

out_put_pages:
	usnic_uiom_put_pages(&uiomr->chunk_list, 0);
	spin_unlock(&pd->lock);
	mmdrop(uiomr->owning_mm);
out_free:
	kfree(uiomr);
	return ERR_PTR(err);
}

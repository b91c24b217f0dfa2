// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: a region has a count of its own, named like the mm's. */
#include <linux/mm.h>
#include <linux/sched.h>

struct vfio_batch {
	struct page **pages;
	int size;
};

struct vfio_dma {
	unsigned long vaddr;
	struct task_struct *task;
	struct mm_struct *mm;
	size_t locked_vm;
	bool lock_cap;
};

int vaddr_get_pfn(struct mm_struct *mm, unsigned long vaddr, unsigned long *pfn);
void put_pfn(unsigned long pfn);
bool is_invalid_reserved_pfn(unsigned long pfn);

static int mm_lock_acct(struct task_struct *task, struct mm_struct *mm,
			bool lock_cap, long npage)
{
	int ret;

	mmap_write_lock(mm);
	ret = __account_locked_vm(mm, npage < 0 ? -npage : npage, npage > 0, task, lock_cap);
	mmap_write_unlock(mm);
	return ret;
}

static int vfio_lock_acct(struct vfio_dma *dma, long npage, bool async)
{
	int ret;

	if (!npage || async)
		return 0;
	ret = mm_lock_acct(dma->task, dma->mm, dma->lock_cap, npage);
	if (!ret)
		dma->locked_vm += npage;
	return ret;
}

static long vfio_pin_pages_remote(struct vfio_dma *dma, unsigned long vaddr,
				  unsigned long npage, unsigned long *pfn_base,
				  unsigned long limit, struct vfio_batch *batch)
{
	struct mm_struct *mm = current->mm;
	unsigned long pinned, pfn, acct_pages = 1;
	long lock_acct = 0;
	long ret = 0;

	for (pinned = 0; pinned < npage && pinned < batch->size; pinned++) {
		ret = vaddr_get_pfn(mm, vaddr + (pinned << PAGE_SHIFT), &pfn);
		if (ret)
			break;
		if (!pinned)
			*pfn_base = pfn;
		if (pfn != *pfn_base + pinned) {
			put_pfn(pfn);
			break;
		}
		if (!is_invalid_reserved_pfn(pfn)) {
			if (!dma->lock_cap &&
			    mm->locked_vm + lock_acct + acct_pages > limit) {
				put_pfn(pfn);
				ret = -ENOMEM;
				break;
			}
			lock_acct += acct_pages;
		}
	}

	if (!ret)
		ret = vfio_lock_acct(dma, lock_acct, false);
	while (ret && pinned)
		put_pfn(*pfn_base + --pinned);
	return ret ? ret : pinned;
}

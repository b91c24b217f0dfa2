// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: the first page is compared by itself. */
#include <linux/mm.h>
#include <linux/sched.h>

struct vfio_batch {
	struct page **pages;
	int size;
};

struct vfio_dma {
	unsigned long vaddr;
	struct task_struct *task;
	int prot;
	bool lock_cap;
};

int vaddr_get_pfn(struct mm_struct *mm, unsigned long vaddr, unsigned long *pfn);
void put_pfn(unsigned long pfn, int prot);
bool is_invalid_reserved_pfn(unsigned long pfn);

static int vfio_lock_acct(struct vfio_dma *dma, long npage, bool async)
{
	struct mm_struct *mm = dma->task->mm;
	int ret;

	if (!npage || async)
		return 0;
	mmap_write_lock(mm);
	ret = __account_locked_vm(mm, npage < 0 ? -npage : npage, npage > 0,
				  dma->task, dma->lock_cap);
	mmap_write_unlock(mm);
	return ret;
}

static long vfio_pin_pages_remote(struct vfio_dma *dma, unsigned long vaddr,
				  long npage, unsigned long *pfn_base,
				  unsigned long limit, struct vfio_batch *batch)
{
	long pinned = 1, lock_acct = 0;
	unsigned long pfn;
	long ret;

	ret = vaddr_get_pfn(current->mm, vaddr, pfn_base);
	if (ret)
		return ret;

	if (!is_invalid_reserved_pfn(*pfn_base)) {
		if (!dma->lock_cap && current->mm->locked_vm + 1 > limit) {
			put_pfn(*pfn_base, dma->prot);
			return -ENOMEM;
		}
		lock_acct = 1;
	}

	for (; pinned < npage && pinned < batch->size; pinned++) {
		ret = vaddr_get_pfn(current->mm, vaddr + (pinned << PAGE_SHIFT), &pfn);
		if (ret)
			break;
		if (pfn != *pfn_base + pinned) {
			put_pfn(pfn, dma->prot);
			break;
		}
		if (!is_invalid_reserved_pfn(pfn)) {
			if (!dma->lock_cap &&
			    current->mm->locked_vm + lock_acct + 1 > limit) {
				put_pfn(pfn, dma->prot);
				ret = -ENOMEM;
				break;
			}
			lock_acct++;
		}
	}

	if (!ret)
		ret = vfio_lock_acct(dma, lock_acct, false);
	while (ret && pinned)
		put_pfn(*pfn_base + --pinned, dma->prot);
	return ret ? ret : pinned;
}

// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: charged page by page, as they are pinned. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#define PAGES_PER_CHUNK	512

struct siw_umem {
	struct page **plist;
	int num_pages;
	struct mm_struct *owning_mm;
};

static void siw_umem_release(struct siw_umem *umem, bool dirty)
{
	struct mm_struct *mm_s = umem->owning_mm;

	if (dirty)
		pr_debug("%d pages were written to\n", umem->num_pages);
	unpin_user_pages(umem->plist, umem->num_pages);
	atomic64_sub(umem->num_pages, &mm_s->pinned_vm);
	mmdrop(mm_s);
	kvfree(umem->plist);
	kfree(umem);
}

struct siw_umem *siw_umem_get(u64 start, u64 len, bool writable)
{
	unsigned int gup_flags = FOLL_LONGTERM | (writable ? FOLL_WRITE : 0);
	u64 first_page_va = start & PAGE_MASK;
	unsigned long mlock_limit;
	struct siw_umem *umem;
	struct mm_struct *mm_s = current->mm;
	int num_pages, num_chunks, i, rv = 0;

	num_pages = PFN_UP(start + len - first_page_va);
	num_chunks = num_pages / PAGES_PER_CHUNK + 1;
	umem = kzalloc(sizeof(*umem), GFP_KERNEL);
	if (!umem || !can_do_mlock())
		return ERR_PTR(-ENOMEM);
	umem->plist = kvmalloc_array(num_pages, sizeof(*umem->plist), GFP_KERNEL);
	umem->owning_mm = mm_s;
	mmgrab(mm_s);
	mmap_read_lock(mm_s);

	mlock_limit = PFN_DOWN(rlimit(RLIMIT_MEMLOCK));
	if (num_pages + atomic64_read(&mm_s->pinned_vm) > mlock_limit) {
		rv = -ENOMEM;
		goto unlock;
	}

	for (i = 0; i < num_chunks && umem->plist; i++) {
		int got, nents = min_t(int, num_pages, PAGES_PER_CHUNK);

		got = 0;
		while (nents) {
			rv = pin_user_pages(first_page_va, nents, gup_flags,
					    umem->plist + umem->num_pages, NULL);
			if (rv < 0)
				goto unlock;
			umem->num_pages += rv;
			atomic64_add(rv, &mm_s->pinned_vm);
			first_page_va += rv * PAGE_SIZE;
			nents -= rv;
			got += rv;
		}
		num_pages -= got;
	}
unlock:
	mmap_read_unlock(mm_s);
	if (rv > 0)
		return umem;

	siw_umem_release(umem, false);
	return ERR_PTR(rv ? rv : -EINVAL);
}

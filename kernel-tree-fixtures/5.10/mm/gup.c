// SPDX-License-Identifier: GPL-2.0-only
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "internal.h"

static __maybe_unused struct page *try_grab_compound_head(struct page *page,
							  int refs,
							  unsigned int flags)
{
	if (flags & FOLL_PIN) {
		/*
		 * Can't do FOLL_LONGTERM + FOLL_PIN with CMA in the gup fast
		 * path, so fail and let the caller fall back to the slow path.
		 */
		if (unlikely(flags & FOLL_LONGTERM) &&
				is_migrate_cma_page(page))
			return NULL;
	}
	return refs ? compound_head(page) : NULL;
}

#ifdef CONFIG_MMU
long __get_user_pages_locked(struct mm_struct *mm, unsigned long start,
			     unsigned long nr_pages, struct page **pages,
			     struct vm_area_struct **vmas, int *locked,
			     unsigned int flags);

long populate_vma_page_range(struct vm_area_struct *vma,
		unsigned long start, unsigned long end, int *locked)
{
	unsigned long nr_pages = PFN_DOWN(end - start);
	unsigned int gup_flags = FOLL_POPULATE;

	*locked = 1;
	if (vma->vm_flags & VM_LOCKONFAULT)
		gup_flags &= ~FOLL_POPULATE;
	if (vma->vm_flags & VM_WRITE)
		gup_flags |= FOLL_WRITE;
	return pin_user_pages(start, nr_pages, gup_flags, NULL, NULL);
}

int __mm_populate(unsigned long start, unsigned long len, int ignore_errors)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int locked = 0;
	long ret = 0;

	mmap_read_lock(mm);
	for (vma = find_vma(mm, start); vma; vma = vma->vm_next) {
		if (vma->vm_start >= start + len)
			break;
		ret = populate_vma_page_range(vma, vma->vm_start, vma->vm_end, &locked);
		if (ret < 0 && !ignore_errors)
			break;
	}
	mmap_read_unlock(mm);
	return ret < 0 && !ignore_errors ? ret : 0;
}
#else /* CONFIG_MMU */
static long __get_user_pages_locked(struct mm_struct *mm, unsigned long start,
		unsigned long nr_pages, struct page **pages,
		struct vm_area_struct **vmas, int *locked,
		unsigned int foll_flags)
{
	int i;

	for (i = 0; i < nr_pages; i++) {
		vmas[i] = find_vma(mm, start + i * PAGE_SIZE);
		if (!vmas[i])
			break;
	}
	return i;
}

int __mm_populate(unsigned long start, unsigned long len, int ignore_errors)
{
	return 0;
}
#endif /* CONFIG_MMU */

#if defined(CONFIG_FS_DAX) || defined (CONFIG_CMA)
static bool check_dax_vmas(struct vm_area_struct **vmas, long nr_pages)
{
	while (nr_pages--)
		if (vma_is_dax(vmas[nr_pages]))
			return true;
	return false;
}

#ifdef CONFIG_CMA
static long check_and_migrate_cma_pages(struct mm_struct *mm,
					unsigned long start,
					unsigned long nr_pages,
					struct page **pages,
					struct vm_area_struct **vmas,
					unsigned int gup_flags)
{
	unsigned long i, isolation_error_count;
	bool drain_allow;
	LIST_HEAD(cma_page_list);
	long ret = nr_pages;
	struct page *prev_head, *head;
	struct migration_target_control mtc = {
		.nid = -1,
		.gfp_mask = GFP_USER | __GFP_MOVABLE | __GFP_NOWARN,
	};

check_again:
	prev_head = NULL;
	isolation_error_count = 0;
	drain_allow = true;
	for (i = 0; i < nr_pages; i++) {
		head = compound_head(pages[i]);
		if (head == prev_head)
			continue;
		prev_head = head;
		/*
		 * If we get a page from the CMA zone, since we are going to
		 * be pinning these entries, we might as well move them out
		 * of the CMA zone if possible.
		 */
		if (is_migrate_cma_page(head)) {
			if (PageHuge(head)) {
				if (isolate_hugetlb(head, &cma_page_list))
					isolation_error_count++;
			} else {
				if (!PageLRU(head) && drain_allow) {
					drain_allow = false;
					lru_add_drain_all();
				}
				if (isolate_lru_page(head)) {
					isolation_error_count++;
					continue;
				}
				list_add_tail(&head->lru, &cma_page_list);
			}
		}
	}

	if (list_empty(&cma_page_list) && !isolation_error_count)
		return ret;

	if (!list_empty(&cma_page_list)) {
		/*
		 * drop the above get_user_pages reference.
		 */
		if (gup_flags & FOLL_PIN)
			unpin_user_pages(pages, nr_pages);
		else
			for (i = 0; i < nr_pages; i++)
				put_page(pages[i]);

		ret = migrate_pages(&cma_page_list, alloc_migration_target,
				    NULL, (unsigned long)&mtc, MIGRATE_SYNC,
				    MR_CONTIG_RANGE);
		if (ret) {
			if (!list_empty(&cma_page_list))
				putback_movable_pages(&cma_page_list);
			return ret > 0 ? -ENOMEM : ret;
		}

		/* We unpinned pages before migration, pin them again */
		ret = __get_user_pages_locked(mm, start, nr_pages, pages, vmas,
					      NULL, gup_flags);
		if (ret <= 0)
			return ret;
		nr_pages = ret;
	}

	/*
	 * check again because pages were unpinned, and we also might have
	 * had isolation errors and need more pages to migrate.
	 */
	goto check_again;
}
#else
static long check_and_migrate_cma_pages(struct mm_struct *mm,
					unsigned long start,
					unsigned long nr_pages,
					struct page **pages,
					struct vm_area_struct **vmas,
					unsigned int gup_flags)
{
	return nr_pages;
}
#endif /* CONFIG_CMA */

static long __gup_longterm_locked(struct mm_struct *mm,
				  unsigned long start,
				  unsigned long nr_pages,
				  struct page **pages,
				  struct vm_area_struct **vmas,
				  unsigned int gup_flags)
{
	struct vm_area_struct **vmas_tmp = vmas;
	unsigned long flags = 0;
	long rc, i;

	if (gup_flags & FOLL_LONGTERM) {
		if (!pages)
			return -EINVAL;

		if (!vmas_tmp) {
			vmas_tmp = kcalloc(nr_pages,
					   sizeof(struct vm_area_struct *),
					   GFP_KERNEL);
			if (!vmas_tmp)
				return -ENOMEM;
		}
		flags = memalloc_nocma_save();
	}

	rc = __get_user_pages_locked(mm, start, nr_pages, pages,
				     vmas_tmp, NULL, gup_flags);

	if (gup_flags & FOLL_LONGTERM) {
		if (rc < 0)
			goto out;

		if (check_dax_vmas(vmas_tmp, rc)) {
			if (gup_flags & FOLL_PIN)
				unpin_user_pages(pages, rc);
			else
				for (i = 0; i < rc; i++)
					put_page(pages[i]);
			rc = -EOPNOTSUPP;
			goto out;
		}

		rc = check_and_migrate_cma_pages(mm, start, rc, pages,
						 vmas_tmp, gup_flags);
out:
		memalloc_nocma_restore(flags);
	}

	if (vmas_tmp != vmas)
		kvfree(vmas_tmp);
	return rc;
}
#else /* !CONFIG_FS_DAX && !CONFIG_CMA */
static __always_inline long __gup_longterm_locked(struct mm_struct *mm,
						  unsigned long start,
						  unsigned long nr_pages,
						  struct page **pages,
						  struct vm_area_struct **vmas,
						  unsigned int flags)
{
	return __get_user_pages_locked(mm, start, nr_pages, pages, vmas,
				       NULL, flags);
}
#endif /* CONFIG_FS_DAX || CONFIG_CMA */

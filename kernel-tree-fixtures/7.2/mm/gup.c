// SPDX-License-Identifier: GPL-2.0-only
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "internal.h"

int __must_check try_grab_folio(struct folio *folio, int refs,
				unsigned int flags)
{
	return folio && refs ? 0 : -ENOMEM;
}

static struct folio *try_grab_folio_fast(struct page *page, int refs,
					 unsigned int flags)
{
	struct folio *folio = page_folio(page);

	if (unlikely((flags & FOLL_LONGTERM) &&
		     !folio_is_longterm_pinnable(folio)))
		return NULL;
	return try_grab_folio(folio, refs, flags) ? NULL : folio;
}

#ifdef CONFIG_MMU
long __get_user_pages_locked(struct mm_struct *mm, unsigned long start,
			     unsigned long nr_pages, struct page **pages,
			     int *locked, unsigned int flags);

long populate_vma_page_range(struct vm_area_struct *vma,
		unsigned long start, unsigned long end, int *locked)
{
	unsigned long nr_pages = PFN_DOWN(end - start);
	unsigned int gup_flags = 0;

	*locked = 1;
	if (vma->vm_flags & VM_LOCKONFAULT)
		return nr_pages;
	if (vma->vm_flags & VM_WRITE)
		gup_flags |= FOLL_WRITE;
	return pin_user_pages(start, nr_pages, gup_flags, NULL);
}

int __mm_populate(unsigned long start, unsigned long len, int ignore_errors)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int locked = 0;
	long ret = 0;
	VMA_ITERATOR(vmi, mm, start);

	mmap_read_lock(mm);
	for_each_vma(vmi, vma) {
		if (vma->vm_start >= start + len)
			break;
		ret = populate_vma_page_range(vma, vma->vm_start, vma->vm_end, &locked);
		if (ret < 0 && !ignore_errors)
			break;
	}
	mmap_read_unlock(mm);
	return ret < 0 && !ignore_errors ? ret : 0;
}
#else
static long __get_user_pages_locked(struct mm_struct *mm, unsigned long start,
		unsigned long nr_pages, struct page **pages,
		int *locked, unsigned int foll_flags)
{
	long i;

	for (i = 0; i < nr_pages; i++)
		if (!find_vma(mm, start + i * PAGE_SIZE))
			break;
	return i;
}

int __mm_populate(unsigned long start, unsigned long len, int ignore_errors)
{
	return 0;
}
#endif /* CONFIG_MMU */

#ifdef CONFIG_MIGRATION
struct pages_or_folios {
	struct page **pages;
	long nr_entries;
};

static struct folio *pofs_next_folio(struct folio *folio,
		struct pages_or_folios *pofs, long *index_ptr)
{
	const unsigned long start_pfn = folio_pfn(folio);
	const unsigned long end_pfn = start_pfn + folio_nr_pages(folio);

	while (++*index_ptr < pofs->nr_entries) {
		unsigned long pfn = page_to_pfn(pofs->pages[*index_ptr]);

		if (pfn < start_pfn || pfn >= end_pfn)
			return page_folio(pofs->pages[*index_ptr]);
	}
	return NULL;
}

static unsigned long collect_longterm_unpinnable_folios(
		struct list_head *movable_folio_list,
		struct pages_or_folios *pofs)
{
	struct folio *folio = page_folio(pofs->pages[0]);
	unsigned long collected = 0;
	long i = 0;

	while (folio) {
		if (!folio_is_longterm_pinnable(folio)) {
			collected++;
			if (folio_ref_count(folio) > folio_expected_ref_count(folio))
				lru_add_drain_all();
			folio_isolate(folio, movable_folio_list);
		}
		folio = pofs_next_folio(folio, pofs, &i);
	}
	return collected;
}

static int
migrate_longterm_unpinnable_folios(struct list_head *movable_folio_list,
				   struct pages_or_folios *pofs)
{
	int ret = -EAGAIN;

	unpin_user_pages(pofs->pages, pofs->nr_entries);
	if (!list_empty(movable_folio_list)) {
		struct migration_target_control mtc = {
			.gfp_mask = GFP_USER | __GFP_NOWARN,
		};

		if (migrate_pages(movable_folio_list, alloc_migration_target,
				  NULL, (unsigned long)&mtc, MIGRATE_SYNC,
				  MR_LONGTERM_PIN, NULL)) {
			ret = -ENOMEM;
			goto err;
		}
	}
err:
	return ret;
}

static long check_and_migrate_movable_pages(unsigned long nr_pages,
					    struct page **pages)
{
	struct pages_or_folios pofs = { pages, nr_pages };
	LIST_HEAD(list);

	if (!collect_longterm_unpinnable_folios(&list, &pofs))
		return 0;
	return migrate_longterm_unpinnable_folios(&list, &pofs);
}
#else
static long check_and_migrate_movable_pages(unsigned long nr_pages,
					    struct page **pages)
{
	return 0;
}
#endif /* CONFIG_MIGRATION */

static long __gup_longterm_locked(struct mm_struct *mm,
				  unsigned long start,
				  unsigned long nr_pages,
				  struct page **pages,
				  int *locked,
				  unsigned int gup_flags)
{
	unsigned int flags = memalloc_pin_save();
	long rc, pinned;

	do {
		pinned = __get_user_pages_locked(mm, start, nr_pages, pages, locked, gup_flags);
		rc = pinned > 0 ? check_and_migrate_movable_pages(pinned, pages) : pinned;
	} while (rc == -EAGAIN);
	memalloc_pin_restore(flags);
	return rc ? rc : pinned;
}

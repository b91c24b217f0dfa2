/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_RMAP_H
#define _LINUX_RMAP_H

#include <linux/mm.h>

/* All mappings of related pages of anonymous memory. */
struct anon_vma {
	struct rw_semaphore rwsem;
	struct anon_vma *root;
	atomic_t refcount;
	struct anon_vma *parent;
};

struct folio;

void folio_remove_rmap_ptes(struct folio *folio, struct page *page,
			    int nr_pages, struct vm_area_struct *vma);

#define folio_remove_rmap_pte(folio, page, vma) \
	folio_remove_rmap_ptes(folio, page, 1, vma)

#endif /* _LINUX_RMAP_H */

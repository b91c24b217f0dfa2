// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: where anonymous memory begins, and who maps it. */
#include <linux/mm.h>
#include <linux/rmap.h>
#include <linux/slab.h>

struct page_vma_mapped_walk {
	unsigned long address;
	void *pte;
};

struct rmap_walk_control {
	void *arg;
	bool (*invalid_vma)(struct vm_area_struct *vma, void *arg);
};

struct folio_referenced_arg {
	int referenced;
	unsigned long vm_flags;
};

enum ttu_flags {
	TTU_IGNORE_MLOCK = 8,
};

struct folio;

bool folio_test_anon(struct folio *folio);
bool folio_test_hwpoison(struct folio *folio);
bool folio_test_ksm(struct folio *folio);
bool page_vma_mapped_walk(struct page_vma_mapped_walk *pvmw);
void page_vma_mapped_walk_done(struct page_vma_mapped_walk *pvmw);
void rmap_walk(struct folio *folio, struct rmap_walk_control *rwc);
bool vma_is_temporary_stack(struct vm_area_struct *vma);

static bool folio_referenced_one(struct folio *folio,
		struct vm_area_struct *vma, unsigned long address, void *arg)
{
	struct page_vma_mapped_walk pvmw = { .address = address };
	struct folio_referenced_arg *pra = arg;

	while (page_vma_mapped_walk(&pvmw)) {
		address = pvmw.address;
		if (vma->vm_flags & VM_LOCKED) {
			page_vma_mapped_walk_done(&pvmw);
			pra->vm_flags |= VM_LOCKED;
			return false;
		}
		pra->referenced += !!pvmw.pte;
	}
	return true;
}

static bool invalid_migration_vma(struct vm_area_struct *vma, void *arg)
{
	return vma_is_temporary_stack(vma);
}

void try_to_unmap(struct folio *folio, enum ttu_flags flags)
{
	struct rmap_walk_control rwc = {
		.arg = (void *)(long)flags,
	};

	rmap_walk(folio, &rwc);
}

void try_to_migrate(struct folio *folio, enum ttu_flags flags)
{
	struct rmap_walk_control rwc = {
		.arg = (void *)(long)flags,
	};

	if (!folio_test_ksm(folio) && folio_test_anon(folio))
		rwc.invalid_vma = invalid_migration_vma;
	rmap_walk(folio, &rwc);
}

static inline struct anon_vma *anon_vma_alloc(void)
{
	struct anon_vma *anon_vma = kmalloc(sizeof(*anon_vma), GFP_KERNEL);

	if (anon_vma) {
		anon_vma->root = anon_vma;
		anon_vma->parent = anon_vma;
		atomic_set(&anon_vma->refcount, 1);
	}
	return anon_vma;
}

struct anon_vma *anon_vma_root_alloc(void)
{
	return anon_vma_alloc();
}

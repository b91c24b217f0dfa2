// SPDX-License-Identifier: GPL-2.0-only
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

struct page_referenced_arg {
	int referenced;
	unsigned long vm_flags;
};

bool PageAnon(struct page *page);
bool PageHWPoison(struct page *page);
bool page_vma_mapped_walk(struct page_vma_mapped_walk *pvmw);
void page_vma_mapped_walk_done(struct page_vma_mapped_walk *pvmw);
void rmap_walk(struct page *page, struct rmap_walk_control *rwc);
bool vma_is_temporary_stack(struct vm_area_struct *vma);

static bool page_referenced_one(struct page *page, struct vm_area_struct *vma,
			unsigned long address, void *arg)
{
	struct page_vma_mapped_walk pvmw = { .address = address };
	struct page_referenced_arg *pra = arg;

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

bool try_to_unmap(struct page *page, enum ttu_flags flags)
{
	struct rmap_walk_control rwc = {
		.arg = (void *)(long)flags,
	};

	if ((flags & TTU_MIGRATION) && PageAnon(page))
		rwc.invalid_vma = invalid_migration_vma;
	rmap_walk(page, &rwc);
	return true;
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

// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: where anonymous memory begins. */
#include <linux/rmap.h>
#include <linux/slab.h>

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

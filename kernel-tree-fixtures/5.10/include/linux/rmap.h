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

enum ttu_flags {
	TTU_MIGRATION = 1,
	TTU_IGNORE_MLOCK = 8,
};

bool try_to_unmap(struct page *page, enum ttu_flags flags);

#endif /* _LINUX_RMAP_H */

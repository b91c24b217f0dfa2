/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MIGRATE_H
#define _LINUX_MIGRATE_H

#include <linux/gfp.h>

enum migrate_mode {
	MIGRATE_ASYNC,
	MIGRATE_SYNC,
};

enum migrate_reason {
	MR_COMPACTION,
	MR_SYSCALL,
	MR_CONTIG_RANGE,
	MR_TYPES
};

extern const char *migrate_reason_names[MR_TYPES];

struct migration_target_control {
	int nid;
	gfp_t gfp_mask;
};

typedef struct page *new_page_t(struct page *page, unsigned long private);

struct page *alloc_migration_target(struct page *page, unsigned long private);
int migrate_pages(struct list_head *from, new_page_t *get, void *put,
		  unsigned long private, enum migrate_mode mode, int reason);
void putback_movable_pages(struct list_head *list);

#endif /* _LINUX_MIGRATE_H */

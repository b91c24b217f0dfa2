/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MIGRATE_H
#define _LINUX_MIGRATE_H

#include <linux/migrate_mode.h>
#include <linux/mmzone.h>

extern const char *migrate_reason_names[MR_TYPES];

struct migration_target_control {
	int nid;
	gfp_t gfp_mask;
};

struct folio *alloc_migration_target(struct folio *src, unsigned long private);
int migrate_pages(struct list_head *from, void *get, void *put, unsigned long private,
		  enum migrate_mode mode, int reason, unsigned int *succeeded);

#endif /* _LINUX_MIGRATE_H */

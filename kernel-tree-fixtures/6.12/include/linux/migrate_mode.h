/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MIGRATE_MODE_H
#define _LINUX_MIGRATE_MODE_H

enum migrate_reason {
	MR_COMPACTION,
	MR_SYSCALL,
	MR_LONGTERM_PIN,
	MR_TYPES
};

enum migrate_mode {
	MIGRATE_ASYNC,
	MIGRATE_SYNC,
};

#endif /* _LINUX_MIGRATE_MODE_H */

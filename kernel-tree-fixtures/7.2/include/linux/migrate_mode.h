/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MIGRATE_MODE_H_INCLUDED
#define MIGRATE_MODE_H_INCLUDED

enum migrate_mode {
	MIGRATE_ASYNC,
	MIGRATE_SYNC,
};

enum migrate_reason {
	MR_COMPACTION,
	MR_SYSCALL,
	MR_LONGTERM_PIN,
	MR_TYPES
};

#endif /* MIGRATE_MODE_H_INCLUDED */

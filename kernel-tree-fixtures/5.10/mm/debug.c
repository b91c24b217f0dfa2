// SPDX-License-Identifier: GPL-2.0-only
#include <linux/migrate.h>

const char *migrate_reason_names[MR_TYPES] = {
	"compaction",
	"syscall_or_cpuset",
	"cma",
};

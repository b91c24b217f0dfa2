// SPDX-License-Identifier: GPL-2.0-only
#include <linux/migrate.h>
#include <trace/events/migrate.h>

#define EM(number, name)	[number] = name,
#define EMe(number, name)	EM(number, name)

const char *migrate_reason_names[MR_TYPES] = {
	MIGRATE_REASON
};

// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: the names of what is counted. */
#include <linux/kernel.h>
#include <linux/vm_event_item.h>

/* Counters of pages would come before those of events. */
#define I(event)	(event)

const char * const vmstat_text[] = {
	[I(PSWPOUT)]		= "pswpout",
	[I(PGLAZYFREE)]		= "pglazyfree",
	[I(PGLAZYFREED)]	= "pglazyfreed",
};

// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: the names of what is counted, in the order of the items. */
#include <linux/kernel.h>
#include <linux/vm_event_item.h>

const char * const vmstat_text[] = {
	"pswpout",
	"pglazyfree",
	"pglazyfreed",
};

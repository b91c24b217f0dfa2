// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: files of a memory cgroup. */
#include <linux/kernel.h>

struct cftype {
	const char *name;
	unsigned int flags;
};

const struct cftype memory_files_of_cgroup[] = {
	{ .name = "max" },
	{ .name = "reclaim" },
	{ },
};

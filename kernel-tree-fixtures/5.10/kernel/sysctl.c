// SPDX-License-Identifier: GPL-2.0-only
struct ctl_table {
	const char *procname;
};

struct ctl_table kern_table[] = {
#ifdef CONFIG_SCHED_DEBUG
	{
		.procname	= "numa_balancing_scan_delay_ms",
	},
#endif
	{ }
};

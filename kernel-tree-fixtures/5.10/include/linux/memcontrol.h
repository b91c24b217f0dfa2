/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MEMCONTROL_H
#define _LINUX_MEMCONTROL_H

#include <linux/mm_types.h>

struct mem_cgroup *mem_cgroup_iter(struct mem_cgroup *root,
				   struct mem_cgroup *prev, void *cookie);
void mem_cgroup_iter_break(struct mem_cgroup *root, struct mem_cgroup *prev);
void mem_cgroup_calculate_protection(struct mem_cgroup *root,
				     struct mem_cgroup *memcg);
/* Of whichever cgroup protection was calculated for last. */
bool mem_cgroup_below_min(struct mem_cgroup *memcg);
bool mem_cgroup_below_low(struct mem_cgroup *memcg);

#endif /* _LINUX_MEMCONTROL_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SCHED_H
#define _LINUX_SCHED_H

#include <linux/kernel.h>

struct mm_struct;
struct ucounts;
struct user_namespace;

#define RLIMIT_STACK	3
#define RLIMIT_MEMLOCK	8
#define RLIM_INFINITY	(~0UL)
#define CAP_IPC_LOCK	14

#define PF_MEMALLOC_PIN	0x10000000

/* Pools of a user, over all of its processes. */
struct user_struct {
	atomic_long_t locked_vm;
	atomic_long_t perf_mlock;
};

struct task_struct {
	struct mm_struct *mm;
	unsigned int flags;
};

struct task_struct *get_current(void);
struct user_struct *get_current_user(void);
unsigned long rlimit(unsigned int limit);
unsigned long task_rlimit(const struct task_struct *task, unsigned int limit);
bool capable(int cap);

#define current		get_current()
#define current_user()	get_current_user()

void mmgrab(struct mm_struct *mm);
void mmdrop(struct mm_struct *mm);

#endif /* _LINUX_SCHED_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SYSCALLS_H
#define _LINUX_SYSCALLS_H

#include <linux/kernel.h>

/* A definition looks like no function: its name and types are arguments. */
#define SYSCALL_DEFINE1(name, t1, a1) \
	asmlinkage long sys_##name(t1 a1)
#define SYSCALL_DEFINE2(name, t1, a1, t2, a2) \
	asmlinkage long sys_##name(t1 a1, t2 a2)
#define SYSCALL_DEFINE3(name, t1, a1, t2, a2, t3, a3) \
	asmlinkage long sys_##name(t1 a1, t2 a2, t3 a3)
#define SYSCALL_DEFINE5(name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5) \
	asmlinkage long sys_##name(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5)

asmlinkage long sys_mlock(unsigned long start, size_t len);
asmlinkage long sys_munlock(unsigned long start, size_t len);
asmlinkage long sys_mlockall(int flags);
asmlinkage long sys_mlock2(unsigned long start, size_t len, int flags);

#endif /* _LINUX_SYSCALLS_H */

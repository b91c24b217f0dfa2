/* SPDX-License-Identifier: GPL-2.0-only */
#define __NR_prlimit64 261
__SYSCALL(__NR_prlimit64, sys_prlimit64)

#undef __NR_syscalls
#define __NR_syscalls 262

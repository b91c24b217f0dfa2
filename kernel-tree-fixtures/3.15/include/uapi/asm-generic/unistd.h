/* SPDX-License-Identifier: GPL-2.0-only */
#define __NR_renameat2 276
__SYSCALL(__NR_renameat2, sys_renameat2)

#undef __NR_syscalls
#define __NR_syscalls 277

/* SPDX-License-Identifier: GPL-2.0-only */
/* The first call of 32-bit programs and the last two. */
__SYSCALL(__NR_restart_syscall, sys_restart_syscall)

__SYSCALL(__NR_faccessat2, sys_faccessat2)

__SYSCALL(__NR_process_madvise, sys_process_madvise)

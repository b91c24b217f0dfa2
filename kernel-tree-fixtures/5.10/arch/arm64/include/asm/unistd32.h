/* SPDX-License-Identifier: GPL-2.0-only */
__SYSCALL(__NR_restart_syscall, sys_restart_syscall)

__SYSCALL(__NR_faccessat2, sys_faccessat2)

__SYSCALL(__NR_process_madvise, sys_process_madvise)

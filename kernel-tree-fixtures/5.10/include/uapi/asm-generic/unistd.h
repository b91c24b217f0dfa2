/* SPDX-License-Identifier: GPL-2.0-only */
/* The first call and the last two of those that new architectures get. */
#define __NR_io_setup 0
__SC_COMP(__NR_io_setup, sys_io_setup, compat_sys_io_setup)

__SYSCALL(__NR_faccessat2, sys_faccessat2)

__SYSCALL(__NR_process_madvise, sys_process_madvise)

#define __NR_syscalls 441

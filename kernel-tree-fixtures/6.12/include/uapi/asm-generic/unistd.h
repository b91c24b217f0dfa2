/* SPDX-License-Identifier: GPL-2.0-only */
__SC_COMP(__NR_io_setup, sys_io_setup, compat_sys_io_setup)

__SYSCALL(__NR_lsm_list_modules, sys_lsm_list_modules)

__SYSCALL(__NR_mseal, sys_mseal)

#define __NR_syscalls 463

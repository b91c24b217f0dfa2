/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SYSCALLS_H

#ifndef CONFIG_ARCH_HAS_SYSCALL_WRAPPER

asmlinkage long sys_mlock2(unsigned long start, size_t len, int flags);

#endif

#endif

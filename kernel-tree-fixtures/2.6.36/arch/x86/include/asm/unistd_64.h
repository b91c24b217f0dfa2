/* SPDX-License-Identifier: GPL-2.0-only */
#define __NR_mlock				149
__SYSCALL(__NR_mlock, sys_mlock)
#define __NR_prlimit64				302
__SYSCALL(__NR_prlimit64, sys_prlimit64)

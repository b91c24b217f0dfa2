// SPDX-License-Identifier: GPL-2.0-only
/* What system calls are that this configuration does not build. */
#include <linux/kernel.h>

#define COND_SYSCALL(name)	long sys_ni_##name(void)

COND_SYSCALL(mlock2);
COND_SYSCALL(memfd_create);

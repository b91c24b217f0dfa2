/* SPDX-License-Identifier: GPL-2.0-only */
#define __NR_compat_syscalls		441

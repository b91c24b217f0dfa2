/* SPDX-License-Identifier: GPL-2.0-only */
/* One more than the last call of 32-bit programs. */
#define __NR_compat_syscalls		441

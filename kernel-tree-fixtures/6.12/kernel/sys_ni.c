// SPDX-License-Identifier: GPL-2.0-only
COND_SYSCALL(mlock2);

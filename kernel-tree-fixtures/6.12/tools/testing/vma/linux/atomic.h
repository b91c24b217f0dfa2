/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_ATOMIC_H

#define atomic_set(x, y) uatomic_set(x, y)

#endif

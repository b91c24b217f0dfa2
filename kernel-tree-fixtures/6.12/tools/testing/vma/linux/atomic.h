/* SPDX-License-Identifier: GPL-2.0-only */
/* Atomics of user space in the place of the kernel's. */
#ifndef _LINUX_ATOMIC_H
#define _LINUX_ATOMIC_H

#define atomic_t int
#define atomic_read(x) uatomic_read(x)
#define atomic_set(x, y) uatomic_set(x, y)

#endif /* _LINUX_ATOMIC_H */

/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
#ifndef _UAPI_LINUX_MMAN_H
#define _UAPI_LINUX_MMAN_H

/* How much memory may be promised. */
#define OVERCOMMIT_NEVER	2

#endif /* _UAPI_LINUX_MMAN_H */

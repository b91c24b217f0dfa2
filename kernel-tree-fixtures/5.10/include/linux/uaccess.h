/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __LINUX_UACCESS_H__
#define __LINUX_UACCESS_H__

/* Nothing here tags addresses. */
#define untagged_addr(addr)	(addr)

#endif /* __LINUX_UACCESS_H__ */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __LINUX_UACCESS_H__
#define __LINUX_UACCESS_H__

/* Nothing here tags addresses, whoever they belong to. */
#define untagged_addr(addr)		(addr)
#define untagged_addr_remote(mm, addr)	((void)(mm), untagged_addr(addr))

#endif /* __LINUX_UACCESS_H__ */

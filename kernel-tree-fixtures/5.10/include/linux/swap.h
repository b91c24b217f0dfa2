/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SWAP_H
#define _LINUX_SWAP_H

#include <linux/kernel.h>

#define MAX_SWAPFILES_SHIFT	5

/* Types that stand for something else than a swap area. */
#define SWP_HWPOISON_NUM	1
#define SWP_MIGRATION_NUM	2
#define SWP_DEVICE_NUM	0

#define MAX_SWAPFILES \
	((1 << MAX_SWAPFILES_SHIFT) - SWP_DEVICE_NUM - \
	SWP_MIGRATION_NUM - SWP_HWPOISON_NUM)

#endif /* _LINUX_SWAP_H */

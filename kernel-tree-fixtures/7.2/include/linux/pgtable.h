/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_PGTABLE_H
#define _LINUX_PGTABLE_H

#include <linux/mmzone.h>

extern unsigned long the_zero_pfn;

static inline int is_zero_pfn(unsigned long pfn)
{
	return pfn == the_zero_pfn;
}

#endif /* _LINUX_PGTABLE_H */

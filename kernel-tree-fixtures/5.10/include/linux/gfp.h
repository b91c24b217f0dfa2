/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_GFP_H
#define _LINUX_GFP_H

#include <linux/mmzone.h>

typedef unsigned int gfp_t;

#define __GFP_HIGHMEM	0x02u
#define __GFP_MOVABLE	0x08u
#define __GFP_IO	0x40u
#define __GFP_FS	0x80u
#define __GFP_NOWARN	0x2000u
#define GFP_USER	0x100cc0u

extern gfp_t gfp_allowed_mask;

static inline int gfp_migratetype(gfp_t gfp_flags)
{
	return gfp_flags & __GFP_MOVABLE ? MIGRATE_MOVABLE : MIGRATE_UNMOVABLE;
}

#endif /* _LINUX_GFP_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SLAB_H

#define kmalloc_obj(VAR_OR_TYPE, ...) \
	__alloc_objs(kmalloc, default_gfp(__VA_ARGS__), typeof(VAR_OR_TYPE), 1)

#endif

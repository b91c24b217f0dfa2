/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SLAB_H
#define _LINUX_SLAB_H

#include <linux/kernel.h>

#define GFP_KERNEL	0xcc0

void *kmalloc(size_t size, unsigned int gfp);
void *kcalloc(size_t n, size_t size, unsigned int gfp);
void *kzalloc(size_t size, unsigned int gfp);
void *kvmalloc_array(size_t n, size_t size, unsigned int gfp);
void kfree(const void *object);
void kvfree(const void *object);

#endif /* _LINUX_SLAB_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __MM_VMA_INTERNAL_H

typedef unsigned long vm_flags_t;

#endif

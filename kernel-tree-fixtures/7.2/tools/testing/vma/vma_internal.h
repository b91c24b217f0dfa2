/* SPDX-License-Identifier: GPL-2.0-only */
/* What mm/vma.c sees of mm when it is built as a program. */
#ifndef __MM_VMA_INTERNAL_H
#define __MM_VMA_INTERNAL_H

#include <stdbool.h>

typedef long long s64;
typedef unsigned long vm_flags_t;

#include "include/dup.h"
#include "include/stubs.h"

#endif /* __MM_VMA_INTERNAL_H */

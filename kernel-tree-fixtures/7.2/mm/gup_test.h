/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _GUP_TEST_H
#define _GUP_TEST_H

#include <linux/kernel.h>

#define PIN_LONGTERM_BENCHMARK	5
#define PIN_LONGTERM_TEST_START	7

struct gup_test {
	u64 addr, size;
	u32 gup_flags;
	u32 test_flags;
};

#endif /* _GUP_TEST_H */

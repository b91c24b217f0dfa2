/* SPDX-License-Identifier: GPL-2.0-only */
/* As little of it as says how a test may end. */
#ifndef __KSELFTEST_H
#define __KSELFTEST_H

#include <stdlib.h>

static unsigned int nr_failed;

#define ksft_finished() exit(nr_failed ? 1 : 0)

#endif /* __KSELFTEST_H */

// SPDX-License-Identifier: GPL-2.0-only
/* Tests of mm/vma.c, as a program. */
#include <stdio.h>

#include "../vma_internal.h"

#define TEST(name)					\
	do {						\
		(*num_tests)++;				\
		if (!test_##name())			\
			(*num_fail)++;			\
	} while (0)

static bool test_copy_vma(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct vma = { .vm_start = 0x1000, .vm_end = 0x4000, .vm_mm = &mm };

	vma_close(&vma);
	return vma_supports_mlock(&vma);
}

static void run_vma_tests(int *num_tests, int *num_fail)
{
	TEST(copy_vma);
}

int main(void)
{
	int num_tests = 0, num_fail = 0;

	run_vma_tests(&num_tests, &num_fail);
	printf("%d tests, %d of them failed\n", num_tests, num_fail);
	return num_fail ? 1 : 0;
}

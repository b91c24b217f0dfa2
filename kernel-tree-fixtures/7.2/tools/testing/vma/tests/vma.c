// SPDX-License-Identifier: GPL-2.0-only
static void run_vma_tests(int *num_tests, int *num_fail)
{
	TEST(copy_vma);
}

// SPDX-License-Identifier: GPL-2.0-only
int main(void)
{
	int num_tests = 0, num_fail = 0;

	TEST(vmi_prealloc_fail);
	TEST(merge_extend);
	TEST(copy_vma);
	TEST(expand_only_mode);
}

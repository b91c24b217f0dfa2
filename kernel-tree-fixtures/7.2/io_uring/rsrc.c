// SPDX-License-Identifier: GPL-2.0-only
int io_account_mem(struct user_struct *user, struct mm_struct *mm_account,
		   unsigned long nr_pages)
{
	if (mm_account)
		atomic64_add(nr_pages, &mm_account->pinned_vm);
}

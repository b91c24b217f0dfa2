// SPDX-License-Identifier: GPL-2.0-only
int qib_get_user_pages(unsigned long start_page, size_t num_pages,
		       struct page **p)
{
	locked = atomic64_add_return(num_pages, &current->mm->pinned_vm);
}

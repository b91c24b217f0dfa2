// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: a page may be in two counters. */
#include <linux/mm.h>
#include <linux/sched.h>

enum {
	IOPT_PAGES_ACCOUNT_NONE = 0,
	IOPT_PAGES_ACCOUNT_USER = 1,
	IOPT_PAGES_ACCOUNT_MM = 2,
};

struct iopt_pages {
	struct mm_struct *source_mm;
	struct task_struct *source_task;
	struct user_struct *source_user;
	unsigned long npinned, last_npinned;
	u8 account_mode;
};

struct pfn_reader_user {
	int locked;
};

static int update_locked_user(struct iopt_pages *pages, long npages)
{
	long limit = PFN_DOWN(task_rlimit(pages->source_task, RLIMIT_MEMLOCK));

	if (atomic_long_add_return(npages, &pages->source_user->locked_vm) <= limit)
		return 0;
	atomic_long_sub(npages, &pages->source_user->locked_vm);
	return -ENOMEM;
}

static int update_mm_locked_vm(struct iopt_pages *pages, unsigned long npages,
			       bool inc, struct pfn_reader_user *user)
{
	int rc;

	if (user && user->locked)
		mmap_read_unlock(pages->source_mm);
	mmap_write_lock(pages->source_mm);
	rc = __account_locked_vm(pages->source_mm, npages, inc, pages->source_task, false);
	mmap_write_unlock(pages->source_mm);
	if (user)
		user->locked = 0;
	return rc;
}

int iopt_pages_update_pinned(struct iopt_pages *pages, unsigned long npages,
			     bool inc, struct pfn_reader_user *user)
{
	int error = 0;

	if (pages->account_mode == IOPT_PAGES_ACCOUNT_USER)
		error = update_locked_user(pages, inc ? (long)npages : -(long)npages);
	else if (pages->account_mode == IOPT_PAGES_ACCOUNT_MM)
		error = update_mm_locked_vm(pages, npages, inc, user);
	if (error)
		return error;

	pages->last_npinned = pages->npinned;
	if (inc)
		atomic64_add(npages, &pages->source_mm->pinned_vm);
	else
		atomic64_sub(npages, &pages->source_mm->pinned_vm);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: the limit compares a plain pinned_vm. */
#include <linux/perf_event.h>
#include <linux/mm.h>

static int perf_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct perf_event *event = file->private_data;
	unsigned long user_locked, user_lock_limit;
	unsigned long locked, lock_limit;
	struct user_struct *user = current_user();
	long user_extra = vma_pages(vma), extra = 0;
	int ret = 0;

	/* a user's pool, not the process' counter, though it has its name */
	user_locked = atomic_long_read(&user->locked_vm) + user_extra;
	user_lock_limit = sysctl_perf_event_mlock >> (PAGE_SHIFT - 10);
	if (user_locked > user_lock_limit)
		extra = user_locked - user_lock_limit;

	lock_limit = rlimit(RLIMIT_MEMLOCK);
	lock_limit >>= PAGE_SHIFT;
	locked = vma->vm_mm->pinned_vm + extra;

	if ((locked > lock_limit) && perf_paranoid_tracepoint_raw() &&
		!capable(CAP_IPC_LOCK)) {
		ret = -EPERM;
		goto unlock;
	}

	atomic_long_add(user_extra, &user->locked_vm);
	vma->vm_mm->pinned_vm += extra;

unlock:
	if (!ret)
		atomic_inc(&event->mmap_count);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: a user's allowance first, the rest to pinned_vm. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include "internal.h"

struct perf_event {
	struct perf_buffer *rb;
	atomic_t mmap_count;
};

extern int sysctl_perf_event_mlock;

struct perf_event *perf_event_of(struct file *file, struct vm_area_struct *vma);
struct perf_buffer *rb_alloc(unsigned long nr_pages);
int rb_alloc_aux(struct perf_buffer *rb, unsigned long nr_pages);
bool perf_is_paranoid(void);

static void perf_mmap_close(struct vm_area_struct *vma)
{
	struct perf_event *event = perf_event_of(vma->vm_file, vma);
	struct perf_buffer *rb = event->rb;
	int mmap_locked = rb->mmap_locked;

	if (vma->vm_pgoff) {
		atomic_long_sub(vma_pages(vma), &current_user()->perf_mlock);
		atomic64_sub(rb->aux_mmap_locked, &vma->vm_mm->pinned_vm);
	} else {
		atomic_long_sub(vma_pages(vma), &current_user()->perf_mlock);
		atomic64_sub(mmap_locked, &vma->vm_mm->pinned_vm);
	}
	atomic_dec(&event->mmap_count);
}

static int perf_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct perf_event *event = perf_event_of(file, vma);
	struct user_struct *user = current_user();
	unsigned long locked, lock_limit, user_locked, user_lock_limit;
	long user_extra = vma_pages(vma), extra = 0;
	struct perf_buffer *rb = NULL;
	int ret = 0;

	/* One allowance a user, of its own in this tree. */
	user_lock_limit = sysctl_perf_event_mlock >> (PAGE_SHIFT - 10);
	user_locked = atomic_long_read(&user->perf_mlock) + user_extra;
	if (user_locked > user_lock_limit) {
		extra = min(user_extra, (long)(user_locked - user_lock_limit));
		user_extra -= extra;
	}

	lock_limit = rlimit(RLIMIT_MEMLOCK);
	lock_limit >>= PAGE_SHIFT;
	locked = atomic64_read(&vma->vm_mm->pinned_vm) + extra;
	if (locked > lock_limit && perf_is_paranoid() && !capable(CAP_IPC_LOCK)) {
		ret = -EPERM;
		goto unlock;
	}

	if (!vma->vm_pgoff) {
		rb = rb_alloc(vma_pages(vma));
		if (!rb) {
			ret = -ENOMEM;
			goto unlock;
		}
		rb->mmap_locked = extra;
		event->rb = rb;
	} else {
		rb = event->rb;
		atomic_inc(&rb->mmap_count);
		ret = rb_alloc_aux(rb, vma_pages(vma));
		if (!ret) {
			rb->aux_mmap_locked = extra;
		}
	}

unlock:
	if (!ret) {
		atomic_long_add(user_extra, &user->perf_mlock);
		atomic64_add(extra, &vma->vm_mm->pinned_vm);

		atomic_inc(&event->mmap_count);
	} else if (rb) {
		/* AUX allocation failed */
		atomic_dec(&rb->mmap_count);
	}
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: compared in one function, charged in another. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include "internal.h"

struct perf_event {
	struct mutex mmap_mutex;
	struct perf_buffer *rb;
	refcount_t mmap_count;
};

extern int sysctl_perf_event_mlock;

struct perf_event *perf_event_of(struct file *file, struct vm_area_struct *vma);
struct perf_buffer *rb_alloc(unsigned long nr_pages);
unsigned long rb_pages(struct perf_buffer *rb);
int rb_alloc_aux(struct perf_buffer *rb, unsigned long nr_pages);
bool perf_is_paranoid(void);

static void perf_mmap_unaccount(struct vm_area_struct *vma, struct perf_buffer *rb);

static void perf_mmap_close(struct vm_area_struct *vma)
{
	struct perf_event *event = perf_event_of(vma->vm_file, vma);
	struct perf_buffer *rb = event->rb;

	if (vma->vm_pgoff) {
		atomic_long_sub(vma_pages(vma), &current_user()->locked_vm);
		atomic64_sub(rb->aux_mmap_locked, &vma->vm_mm->pinned_vm);
	}
	if (!refcount_read(&rb->mmap_count))
		perf_mmap_unaccount(vma, rb);
	refcount_dec(&event->mmap_count);
}

static bool perf_mmap_calc_limits(struct vm_area_struct *vma, long *user_extra, long *extra)
{
	unsigned long locked, lock_limit, user_locked, user_lock_limit;

	/* One allowance a user, out of a pool that others use, too. */
	user_lock_limit = sysctl_perf_event_mlock >> (PAGE_SHIFT - 10);
	user_locked = atomic_long_read(&current_user()->locked_vm) + *user_extra;
	if (user_locked > user_lock_limit) {
		*extra = min(*user_extra, (long)(user_locked - user_lock_limit));
		*user_extra -= *extra;
	}

	lock_limit = rlimit(RLIMIT_MEMLOCK);
	lock_limit >>= PAGE_SHIFT;
	locked = atomic64_read(&vma->vm_mm->pinned_vm) + *extra;

	return locked <= lock_limit || !perf_is_paranoid() || capable(CAP_IPC_LOCK);
}

static void perf_mmap_account(struct vm_area_struct *vma, long user_extra, long extra)
{
	atomic_long_add(user_extra, &current_user()->locked_vm);
	atomic64_add(extra, &vma->vm_mm->pinned_vm);
}

static void perf_mmap_unaccount(struct vm_area_struct *vma, struct perf_buffer *rb)
{
	atomic_long_sub(rb_pages(rb), &current_user()->locked_vm);
	atomic64_sub(rb->mmap_locked, &vma->vm_mm->pinned_vm);
}

static int perf_mmap_rb(struct vm_area_struct *vma, struct perf_event *event,
			unsigned long nr_pages)
{
	long user_extra = nr_pages, extra = 0;
	struct perf_buffer *rb = event->rb;

	if (!perf_mmap_calc_limits(vma, &user_extra, &extra))
		return -EPERM;

	/* A buffer that is there already is mapped once more. */
	if (rb) {
		if (rb->mmap_locked == nr_pages) {
			perf_mmap_account(vma, user_extra, extra);
			refcount_inc(&event->mmap_count);
			return 0;
		}
		return -EINVAL;
	}

	rb = rb_alloc(nr_pages);
	if (!rb)
		return -ENOMEM;

	rb->mmap_locked = extra;
	event->rb = rb;
	perf_mmap_account(vma, user_extra, extra);
	refcount_set(&event->mmap_count, 1);
	return 0;
}

static int perf_mmap_aux(struct vm_area_struct *vma, struct perf_event *event,
			 unsigned long nr_pages)
{
	long user_extra = nr_pages, extra = 0;
	struct perf_buffer *rb = event->rb;
	int ret;

	if (!rb)
		return -EINVAL;
	if (!perf_mmap_calc_limits(vma, &user_extra, &extra))
		return -EPERM;

	refcount_inc(&rb->mmap_count);
	if (!rb->aux_mmap_locked) {
		ret = rb_alloc_aux(rb, nr_pages);
		if (ret) {
			refcount_dec(&rb->mmap_count);
			return ret;
		}
		rb->aux_mmap_locked = extra;
	}

	perf_mmap_account(vma, user_extra, extra);
	refcount_inc(&event->mmap_count);
	return 0;
}

static int perf_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct perf_event *event = perf_event_of(file, vma);
	int ret = -EINVAL;

	scoped_guard(mutex, &event->mmap_mutex) {
		if (vma->vm_pgoff)
			ret = perf_mmap_aux(vma, event, vma_pages(vma));
		else
			ret = perf_mmap_rb(vma, event, vma_pages(vma));
		if (ret && event->rb && !vma->vm_pgoff)
			perf_mmap_unaccount(vma, event->rb);
	}
	return ret;
}

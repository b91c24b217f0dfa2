// SPDX-License-Identifier: GPL-2.0-only
static void perf_mmap_close(struct vm_area_struct *vma)
{
		atomic_long_sub(rb->aux_nr_pages - rb->aux_mmap_locked, &mmap_user->locked_vm);
		atomic64_sub(rb->aux_mmap_locked, &vma->vm_mm->pinned_vm);
}

static bool perf_mmap_calc_limits(struct vm_area_struct *vma, long *user_extra, long *extra)
{
	unsigned long user_locked, user_lock_limit, locked, lock_limit;
	struct user_struct *user = current_user();

	if (user_locked > user_lock_limit) {
	}

	lock_limit = rlimit(RLIMIT_MEMLOCK);
	lock_limit >>= PAGE_SHIFT;
	locked = atomic64_read(&vma->vm_mm->pinned_vm) + *extra;

	return locked <= lock_limit || !perf_is_paranoid() || capable(CAP_IPC_LOCK);
}

static void perf_mmap_account(struct vm_area_struct *vma, long user_extra, long extra)
{
	struct user_struct *user = current_user();

	atomic_long_add(user_extra, &user->locked_vm);
	atomic64_add(extra, &vma->vm_mm->pinned_vm);
}

static int perf_mmap_rb(struct vm_area_struct *vma, struct perf_event *event,
			unsigned long nr_pages)
{
	long extra = 0, user_extra = nr_pages;
	struct perf_buffer *rb;

		if (refcount_inc_not_zero(&event->rb->mmap_count)) {
			perf_mmap_account(vma, user_extra, extra);
			refcount_inc(&event->mmap_count);
			return 0;
		}

	rb = rb_alloc(nr_pages,
		      event->attr.watermark ? event->attr.wakeup_watermark : 0,
		      event->cpu, rb_flags);

	if (!rb)
		return -ENOMEM;

	rb->mmap_locked = extra;

	perf_event_update_userpage(event);

	perf_mmap_account(vma, user_extra, extra);
	refcount_set(&event->mmap_count, 1);

	return 0;
}

static int perf_mmap_aux(struct vm_area_struct *vma, struct perf_event *event,
			 unsigned long nr_pages)
{
	long extra = 0, user_extra = nr_pages;
	u64 aux_offset, aux_size;

	if (rb_has_aux(rb)) {
	} else {
		ret = rb_alloc_aux(rb, event, vma->vm_pgoff, nr_pages,
				   event->attr.aux_watermark, rb_flags);
		if (ret) {
			refcount_dec(&rb->mmap_count);
			return ret;
		}

		refcount_set(&rb->aux_mmap_count, 1);
	}

	perf_mmap_account(vma, user_extra, extra);
	refcount_inc(&event->mmap_count);

	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
static void perf_mmap_close(struct vm_area_struct *vma)
{
		atomic64_sub(rb->aux_mmap_locked, &vma->vm_mm->pinned_vm);
}

static bool perf_mmap_calc_limits(struct vm_area_struct *vma, long *user_extra, long *extra)
{
	lock_limit = rlimit(RLIMIT_MEMLOCK);
	lock_limit >>= PAGE_SHIFT;
	locked = atomic64_read(&vma->vm_mm->pinned_vm) + *extra;

	return locked <= lock_limit || !perf_is_paranoid() || capable(CAP_IPC_LOCK);
}

static void perf_mmap_account(struct vm_area_struct *vma, long user_extra, long extra)
{
	atomic64_add(extra, &vma->vm_mm->pinned_vm);
}

static int perf_mmap_rb(struct vm_area_struct *vma, struct perf_event *event,
			unsigned long nr_pages)
{
			perf_mmap_account(vma, user_extra, extra);
			refcount_inc(&event->mmap_count);

	if (!rb)
		return -ENOMEM;

	perf_mmap_account(vma, user_extra, extra);
	refcount_set(&event->mmap_count, 1);
}

static int perf_mmap_aux(struct vm_area_struct *vma, struct perf_event *event,
			 unsigned long nr_pages)
{
		if (ret) {
			refcount_dec(&rb->mmap_count);
			return ret;
		}

	perf_mmap_account(vma, user_extra, extra);
	refcount_inc(&event->mmap_count);
}

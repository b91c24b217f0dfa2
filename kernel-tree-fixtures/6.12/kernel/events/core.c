// SPDX-License-Identifier: GPL-2.0-only
static void perf_mmap_close(struct vm_area_struct *vma)
{
		atomic_long_sub(rb->aux_nr_pages - rb->aux_mmap_locked, &mmap_user->perf_mlock);
		atomic64_sub(rb->aux_mmap_locked, &vma->vm_mm->pinned_vm);
}

static int perf_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct perf_event *event = file->private_data;
	unsigned long user_locked, user_lock_limit;

	if (user_locked > user_lock_limit) {
	}

	lock_limit = rlimit(RLIMIT_MEMLOCK);
	lock_limit >>= PAGE_SHIFT;
	locked = atomic64_read(&vma->vm_mm->pinned_vm) + extra;

	if ((locked > lock_limit) && perf_is_paranoid() &&
		!capable(CAP_IPC_LOCK)) {
	}

	if (!rb) {
	} else {
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
aux_unlock:
	if (aux_mutex)
		mutex_unlock(aux_mutex);
}

// SPDX-License-Identifier: GPL-2.0-only
static void perf_mmap_close(struct vm_area_struct *vma)
{
		atomic64_sub(rb->aux_mmap_locked, &vma->vm_mm->pinned_vm);
}

static int perf_mmap(struct file *file, struct vm_area_struct *vma)
{
	lock_limit = rlimit(RLIMIT_MEMLOCK);
	lock_limit >>= PAGE_SHIFT;
	locked = atomic64_read(&vma->vm_mm->pinned_vm) + extra;

unlock:
	if (!ret) {
		atomic64_add(extra, &vma->vm_mm->pinned_vm);

		atomic_inc(&event->mmap_count);
	} else if (rb) {
		/* AUX allocation failed */
		atomic_dec(&rb->mmap_count);
	}
}

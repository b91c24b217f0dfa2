/* SPDX-License-Identifier: GPL-2.0-only */
/* A buffer of perf: how much of it, and of its AUX part, pinned_vm was charged for. */

struct perf_buffer {
	refcount_t			mmap_count;
	unsigned long			mmap_locked;

	unsigned long			aux_mmap_locked;
};

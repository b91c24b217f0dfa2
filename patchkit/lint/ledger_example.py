# SPDX-License-Identifier: GPL-2.0-only
"""A driver that keeps its books right, for the examples of the rules that pair charges."""

from __future__ import annotations

BALANCED = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

struct mm_struct {
	unsigned long locked_vm;
	atomic64_t pinned_vm;
};

struct task_struct {
	struct task_struct *parent;
	struct mm_struct *mm;
};

struct buffer {
	struct mm_struct *mm;
	struct page **pages;
	size_t length;
	bool writable;
};

static int buffer_charge(struct mm_struct *mm, unsigned long nr_pages)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	unsigned long pinned = atomic64_add_return(nr_pages, &mm->pinned_vm);

	if (pinned + mm->locked_vm > limit && !capable(CAP_IPC_LOCK)) {
		atomic64_sub(nr_pages, &mm->pinned_vm);
		return -ENOMEM;
	}
	return 0;
}

struct buffer *buffer_register(unsigned long start, size_t length, bool writable)
{
	unsigned long nr_pages = PFN_UP(length);
	struct mm_struct *mm = current->mm;
	struct buffer *buffer;
	long pinned;
	int ret;

	buffer = kzalloc(sizeof(*buffer), GFP_KERNEL);
	if (!buffer)
		return ERR_PTR(-ENOMEM);

	buffer->pages = kvcalloc(nr_pages, sizeof(*buffer->pages), GFP_KERNEL);
	if (!buffer->pages) {
		ret = -ENOMEM;
		goto free_buffer;
	}

	ret = buffer_charge(mm, nr_pages);
	if (ret)
		goto free_pages;

	pinned = pin_user_pages_fast(start, nr_pages, FOLL_LONGTERM, buffer->pages);
	if (pinned != nr_pages) {
		if (pinned > 0)
			unpin_user_pages(buffer->pages, pinned);
		ret = -EFAULT;
		goto uncharge;
	}

	buffer->length = length;
	buffer->writable = writable;
	buffer->mm = mm;
	mmgrab(mm);
	return buffer;

uncharge:
	atomic64_sub(nr_pages, &mm->pinned_vm);
free_pages:
	kvfree(buffer->pages);
free_buffer:
	kfree(buffer);
	return ERR_PTR(ret);
}

void buffer_release(struct buffer *buffer)
{
	unsigned long nr_pages = PFN_UP(buffer->length);

	unpin_user_pages_dirty_lock(buffer->pages, nr_pages, buffer->writable);
	atomic64_sub(nr_pages, &buffer->mm->pinned_vm);
	mmdrop(buffer->mm);
	kvfree(buffer->pages);
	kfree(buffer);
}
"""
"""Charges when a buffer is registered, and gives back on the error path and in the release."""


def changed(*edits: tuple[str, str]) -> str:
    """Return the driver with texts replaced, each of which must be there exactly once.

    Raises:
        ValueError: a text is not there, or more than once.
    """
    text = BALANCED
    for old, new in edits:
        if text.count(old) != 1:
            raise ValueError(f"{old!r} is there {text.count(old)} times")
        text = text.replace(old, new)
    return text

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>

#include "hfi.h"

struct tid_user_buf {
	unsigned long vaddr, length;
	unsigned int npages;
	struct page **pages;
};

static int pin_rcv_pages(struct hfi1_filedata *fd, struct tid_user_buf *tidbuf)
{
	unsigned int npages = tidbuf->npages;
	struct hfi1_devdata *dd = fd->dd;
	struct page **pages;
	int pinned;

	pages = kvmalloc_array(npages, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;

	if (!hfi1_can_pin_pages(dd, current->mm, fd->tid_n_pinned, npages)) {
		kfree(pages);
		return -ENOMEM;
	}

	pinned = hfi1_acquire_user_pages(current->mm, tidbuf->vaddr, npages, true, pages);
	if (pinned > 0) {
		fd->tid_n_pinned += pinned;
		tidbuf->pages = pages;
	} else {
		kfree(pages);
	}
	return pinned;
}

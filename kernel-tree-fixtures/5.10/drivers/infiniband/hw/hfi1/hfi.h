/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _HFI1_KERNEL_H
#define _HFI1_KERNEL_H

#include <linux/mm.h>
#include <linux/sched.h>

struct hfi1_devdata {
	unsigned int num_user_contexts;
};

struct hfi1_filedata {
	struct hfi1_devdata *dd;
	u32 tid_n_pinned;
};

bool hfi1_can_pin_pages(struct hfi1_devdata *dd, struct mm_struct *mm,
			u32 nlocked, u32 npages);
int hfi1_acquire_user_pages(struct mm_struct *mm, unsigned long vaddr, size_t npages,
			    bool writable, struct page **pages);
void hfi1_release_user_pages(struct mm_struct *mm, struct page **p,
			     size_t npages);

#endif /* _HFI1_KERNEL_H */

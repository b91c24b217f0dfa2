/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _HFI1_KERNEL_H

bool hfi1_can_pin_pages(struct hfi1_devdata *dd, struct mm_struct *mm,
			u32 nlocked, u32 npages);

#endif

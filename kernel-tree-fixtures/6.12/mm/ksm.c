// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

int pages_differ(struct page *page, struct page *kpage);

static int try_to_merge_one_page(struct vm_area_struct *vma,
				 struct page *page, struct page *kpage)
{
	int err = -EFAULT;

	if (page == kpage)
		return 0;

	if (pages_differ(page, kpage))
		goto out;
	err = 0;
out:
	return err;
}

static struct {
	unsigned long address;
} ksm_scan;

static unsigned long scan_get_next_rmap_item(struct vm_area_struct *vma)
{
	if (ksm_scan.address < vma->vm_start)
		ksm_scan.address = vma->vm_start;
	if (!vma->anon_vma)
		ksm_scan.address = vma->vm_end;
	return ksm_scan.address;
}

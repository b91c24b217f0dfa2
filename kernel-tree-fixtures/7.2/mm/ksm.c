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

struct ksm_rmap_item;

static struct {
	unsigned long address;
	struct vm_area_struct *at;
} ksm_scan;

struct ksm_rmap_item *item_at(struct vm_area_struct *vma, unsigned long address,
			      struct page **page);

static struct ksm_rmap_item *scan_get_next_rmap_item(struct page **page)
{
	struct vm_area_struct *vma = ksm_scan.at;

	if (vma) {
		if (!vma->anon_vma)
			ksm_scan.address = vma->vm_end;
		if (ksm_scan.address < vma->vm_end)
			return item_at(vma, ksm_scan.address, page);
	}
	return NULL;
}

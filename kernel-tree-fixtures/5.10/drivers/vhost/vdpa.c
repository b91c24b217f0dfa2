// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: what is mapped is charged run by run. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

struct vhost_iotlb;

struct vhost_iotlb_msg {
	u64 iova, size, uaddr;
	u8 perm;
};

struct vhost_dev {
	struct mm_struct *mm;
	struct vhost_iotlb *iotlb;
};

struct vdpa_device;

struct vhost_vdpa {
	struct vhost_dev vdev;
	struct vdpa_device *vdpa;
};

int vdpa_map_range(struct vdpa_device *vdpa, u64 iova, u64 size, u64 pa, u32 perm);
int vhost_iotlb_add_range(struct vhost_iotlb *iotlb, u64 start, u64 last, u64 addr, u32 perm);
void vhost_iotlb_del_range(struct vhost_iotlb *iotlb, u64 start, u64 last);
void vhost_vdpa_unmap(struct vhost_vdpa *v, u64 iova, u64 size);

static int vhost_vdpa_map(struct vhost_vdpa *v,
			  u64 iova, u64 size, u64 pa, u32 perm)
{
	struct vhost_dev *dev = &v->vdev;
	int r = vhost_iotlb_add_range(dev->iotlb, iova, iova + size - 1, pa, perm);

	if (r)
		return r;
	r = vdpa_map_range(v->vdpa, iova, size, pa, perm);
	if (r)
		vhost_iotlb_del_range(dev->iotlb, iova, iova + size - 1);
	else
		atomic64_add(PFN_DOWN(size), &dev->mm->pinned_vm);

	return r;
}

static int vhost_vdpa_process_iotlb_update(struct vhost_vdpa *v,
					   struct vhost_iotlb_msg *msg)
{
	unsigned int gup_flags = FOLL_LONGTERM | (msg->perm ? FOLL_WRITE : 0);
	unsigned long list_size = PAGE_SIZE / sizeof(struct page *);
	struct vhost_dev *dev = &v->vdev;
	unsigned long lock_limit, sz2pin, nchunks, i;
	unsigned long npages, cur_base = msg->uaddr & PAGE_MASK;
	u64 pfn, map_pfn = 0, last_pfn = 0, iova = msg->iova;
	struct page **page_list;
	long pinned = 0;
	int ret = 0;

	page_list = kvmalloc_array(list_size, sizeof(*page_list), GFP_KERNEL);
	npages = PFN_UP(msg->size + (iova & ~PAGE_MASK));
	if (!page_list || !npages)
		return -EINVAL;

	mmap_read_lock(dev->mm);
	lock_limit = PFN_DOWN(rlimit(RLIMIT_MEMLOCK));
	if (npages + atomic64_read(&dev->mm->pinned_vm) > lock_limit) {
		ret = -ENOMEM;
		goto unlock;
	}

	iova &= PAGE_MASK;
	for (nchunks = 0; npages; npages -= pinned) {
		sz2pin = min(npages, list_size);
		pinned = pin_user_pages(cur_base, sz2pin, gup_flags, page_list,
					NULL);
		if (pinned <= 0) {
			ret = pinned ? pinned : -ENOMEM;
			goto out;
		}
		nchunks++;
		for (i = 0; i < pinned; i++) {
			pfn = page_to_pfn(page_list[i]);
			if (last_pfn && pfn != last_pfn + 1) {
				u64 csize = (last_pfn - map_pfn + 1) << PAGE_SHIFT;

				ret = vhost_vdpa_map(v, iova, csize,
						     map_pfn << PAGE_SHIFT, msg->perm);
				if (ret)
					goto out;
				iova += csize;
				map_pfn = 0;
			}
			if (!map_pfn)
				map_pfn = pfn;
			last_pfn = pfn;
		}
		cur_base += pinned << PAGE_SHIFT;
	}
	ret = vhost_vdpa_map(v, iova, PAGE_ALIGN(msg->iova + msg->size) - iova,
			     map_pfn << PAGE_SHIFT, msg->perm);
out:
	if (ret) {
		if (nchunks) {
			/*
			 * Unpin the outstanding pages which are yet to be
			 * mapped but haven't due to vdpa_map() or
			 * pin_user_pages() failure.
			 *
			 * Mapped pages are accounted in vdpa_map(), hence
			 * the corresponding unpinning will be handled by
			 * vdpa_unmap().
			 */
			WARN_ON(!last_pfn);
			unpin_user_pages(page_list, pinned);
		}
		vhost_vdpa_unmap(v, msg->iova, msg->size);
	}
unlock:
	mmap_read_unlock(dev->mm);
	kvfree(page_list);
	return ret;
}

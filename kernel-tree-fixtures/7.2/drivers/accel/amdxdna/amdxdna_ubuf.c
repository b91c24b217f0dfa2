// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

struct dma_buf;
struct drm_device;

struct amdxdna_ubuf_priv {
	struct mm_struct *mm;
	struct page **pages;
	u64 nr_pages;
};

u64 amdxdna_ubuf_size(struct drm_device *dev, u32 num_entries, void __user *va_entries);
struct dma_buf *amdxdna_ubuf_export(struct amdxdna_ubuf_priv *ubuf);

struct dma_buf *amdxdna_get_ubuf(struct drm_device *dev,
				 u32 num_entries, void __user *va_entries)
{
	unsigned long lock_limit, new_pinned;
	struct amdxdna_ubuf_priv *ubuf;

	ubuf = kzalloc(sizeof(*ubuf), GFP_KERNEL);
	if (!ubuf)
		return ERR_PTR(-ENOMEM);
	ubuf->nr_pages = PFN_DOWN(amdxdna_ubuf_size(dev, num_entries, va_entries));
	ubuf->mm = current->mm;
	mmgrab(ubuf->mm);

	lock_limit = PFN_DOWN(rlimit(RLIMIT_MEMLOCK));
	new_pinned = atomic64_add_return(ubuf->nr_pages, &ubuf->mm->pinned_vm);
	if (new_pinned <= lock_limit || capable(CAP_IPC_LOCK))
		return amdxdna_ubuf_export(ubuf);

	atomic64_sub(ubuf->nr_pages, &ubuf->mm->pinned_vm);
	mmdrop(ubuf->mm);
	kfree(ubuf);
	return ERR_PTR(-ENOMEM);
}

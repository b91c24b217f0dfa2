// SPDX-License-Identifier: GPL-2.0-only
struct dma_buf *amdxdna_get_ubuf(struct drm_device *dev,
				 u32 num_entries, void __user *va_entries)
{
	new_pinned = atomic64_add_return(ubuf->nr_pages, &ubuf->mm->pinned_vm);
}

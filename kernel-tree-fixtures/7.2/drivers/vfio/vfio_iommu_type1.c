// SPDX-License-Identifier: GPL-2.0-only
static long vfio_pin_pages_remote(struct vfio_dma *dma, unsigned long vaddr,
				  unsigned long npage, unsigned long *pfn_base,
				  unsigned long limit, struct vfio_batch *batch)
{
				if (!dma->lock_cap &&
				    mm->locked_vm + lock_acct + acct_pages > limit) {
				}
}

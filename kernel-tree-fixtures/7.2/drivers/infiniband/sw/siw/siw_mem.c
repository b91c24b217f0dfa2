// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: pinning, and the charge for it, are left to ib_umem_get(). */
#include <linux/mm.h>
#include <linux/slab.h>

struct ib_device;
struct ib_umem;

struct siw_umem {
	struct ib_umem *base_mem;
	u64 fp_addr;
};

struct ib_umem *ib_umem_get(struct ib_device *device, unsigned long addr,
			    size_t size, int access);

struct siw_umem *siw_umem_get(struct ib_device *base_dev, u64 start,
			      u64 len, int rights)
{
	struct siw_umem *umem = kzalloc(sizeof(*umem), GFP_KERNEL);

	if (!umem)
		return ERR_PTR(-ENOMEM);
	umem->base_mem = ib_umem_get(base_dev, start, len, rights);
	if (IS_ERR(umem->base_mem)) {
		kfree(umem);
		return ERR_PTR(-ENOMEM);
	}
	umem->fp_addr = start & PAGE_MASK;
	return umem;
}

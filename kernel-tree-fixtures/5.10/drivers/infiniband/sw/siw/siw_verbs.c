// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: an early look at the other counter. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#define siw_dbg_pd(pd, ...)	((pd) ? printk(__VA_ARGS__) : 0)

struct ib_pd;
struct ib_udata;
struct siw_umem;

struct ib_mr {
	struct siw_umem *umem;
	u64 iova;
};

struct siw_umem *siw_umem_get(u64 start, u64 len, bool writable);

struct ib_mr *siw_reg_user_mr(struct ib_pd *pd, u64 start, u64 len,
			      u64 rnic_va, int rights, struct ib_udata *udata)
{
	unsigned long mem_limit = rlimit(RLIMIT_MEMLOCK);
	struct ib_mr *mr;

	if (mem_limit != RLIM_INFINITY) {
		unsigned long num_pages = PFN_UP(len + (start & ~PAGE_MASK));

		mem_limit = PFN_DOWN(mem_limit);
		if (num_pages > mem_limit - current->mm->locked_vm) {
			siw_dbg_pd(pd, "pages req %lu, max %lu, lock %lu\n",
				   num_pages, mem_limit,
				   current->mm->locked_vm);
			return ERR_PTR(-ENOMEM);
		}
	}

	mr = kzalloc(sizeof(*mr), GFP_KERNEL);
	if (!mr || !udata)
		return ERR_PTR(-ENOMEM);
	mr->iova = rnic_va;
	mr->umem = siw_umem_get(start, len, rights != 0);
	return mr;
}

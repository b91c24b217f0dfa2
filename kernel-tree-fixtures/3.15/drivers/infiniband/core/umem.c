// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: the limit compares a plain pinned_vm. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <rdma/ib_umem.h>

struct ib_umem *ib_umem_get(struct ib_ucontext *context, unsigned long addr,
			    size_t size, int access, int dmasync)
{
	struct ib_umem *umem = kmalloc(sizeof(*umem), GFP_KERNEL);
	unsigned long locked, lock_limit;
	unsigned long npages = PAGE_ALIGN(size + umem->offset) >> PAGE_SHIFT;
	int ret = 0;

	down_write(&current->mm->mmap_sem);

	locked = npages + current->mm->pinned_vm;
	lock_limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	if ((locked > lock_limit) && !capable(CAP_IPC_LOCK))
		ret = -ENOMEM;
	else
		current->mm->pinned_vm = locked;

	up_write(&current->mm->mmap_sem);
	return ret < 0 ? ERR_PTR(ret) : umem;
}
EXPORT_SYMBOL(ib_umem_get);

static void ib_umem_account(struct work_struct *work)
{
	struct ib_umem *umem = container_of(work, struct ib_umem, work);

	down_write(&umem->mm->mmap_sem);
	umem->mm->pinned_vm -= umem->diff;
	up_write(&umem->mm->mmap_sem);
	mmput(umem->mm);
}

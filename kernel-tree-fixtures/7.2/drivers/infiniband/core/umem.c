// SPDX-License-Identifier: GPL-2.0-only
static struct ib_umem *__ib_umem_get_va(struct ib_device *device,
					unsigned long addr, size_t size,
					int access)
{
	unsigned long new_pinned;

	new_pinned = atomic64_add_return(npages, &mm->pinned_vm);
	if (new_pinned > lock_limit && !capable(CAP_IPC_LOCK)) {
	}
}

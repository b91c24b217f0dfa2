/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_H

#ifdef __KERNEL__

#define VM_LOCKONFAULT	0x00080000

#ifdef CONFIG_ARCH_USES_HIGH_VMA_FLAGS

#define VM_HIGH_ARCH_4	BIT(VM_HIGH_ARCH_BIT_4)
#endif

#define VM_STACK_INCOMPLETE_SETUP	(VM_RAND_READ | VM_SEQ_READ)

#define VM_LOCKED_CLEAR_MASK	(~(VM_LOCKED | VM_LOCKONFAULT))

int __account_locked_vm(struct mm_struct *mm, unsigned long pages, bool inc,
			struct task_struct *task, bool bypass_rlim);

extern struct vm_area_struct *copy_vma(struct vm_area_struct **,
	unsigned long addr, unsigned long len, pgoff_t pgoff,
	bool *need_rmap_locks);

#endif
#endif

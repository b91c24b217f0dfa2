/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_H

#define VM_LOCKONFAULT	0x00080000

#ifdef CONFIG_64BIT

#define VM_DROPPABLE		BIT(VM_DROPPABLE_BIT)
#elif defined(CONFIG_PPC32)
#define VM_DROPPABLE		VM_ARCH_1
#else
#define VM_DROPPABLE		VM_NONE
#endif

#define VM_STACK_INCOMPLETE_SETUP (VM_RAND_READ | VM_SEQ_READ | VM_STACK_EARLY)

#define VM_LOCKED_MASK	(VM_LOCKED | VM_LOCKONFAULT)

static inline void vm_flags_set(struct vm_area_struct *vma,
				vm_flags_t flags)
{
}

#define for_each_vma(__vmi, __vma)					\
	while (((__vma) = vma_next(&(__vmi))) != NULL)

int __account_locked_vm(struct mm_struct *mm, unsigned long pages, bool inc,
			struct task_struct *task, bool bypass_rlim);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_H

#define DECLARE_VMA_BIT(name, bitnum) \
	VMA_ ## name ## _BIT = ((__force vma_flag_t)bitnum)

enum {
#if defined(CONFIG_PPC32)

#elif defined(CONFIG_64BIT)

#endif
	DECLARE_VMA_BIT(UFFD_MINOR, 41),
	DECLARE_VMA_BIT(SEALED, 42),

	DECLARE_VMA_BIT_ALIAS(PKEY_BIT0, HIGH_ARCH_0),
};

#define VM_LOCKONFAULT	INIT_VM_FLAG(LOCKONFAULT)

#if defined(CONFIG_64BIT) || defined(CONFIG_PPC32)
#define VM_DROPPABLE		INIT_VM_FLAG(DROPPABLE)

#else
#define VM_DROPPABLE		VM_NONE

#endif

#define VM_STACK_INCOMPLETE_SETUP (VM_RAND_READ | VM_SEQ_READ | VM_STACK_EARLY)

#define VM_LOCKED_MASK	(VM_LOCKED | VM_LOCKONFAULT)

static inline void vm_flags_set(struct vm_area_struct *vma,
				vm_flags_t flags)
{
	vma_start_write(vma);
	vma_flags_set_word(&vma->flags, flags);
}

#define for_each_vma(__vmi, __vma)					\
	while (((__vma) = vma_next(&(__vmi))) != NULL)

int __account_locked_vm(struct mm_struct *mm, unsigned long pages, bool inc,
			const struct task_struct *task, bool bypass_rlim);

#endif

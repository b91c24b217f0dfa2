/* SPDX-License-Identifier: GPL-2.0-only */
struct mm_struct {
	int map_count;
	unsigned long total_vm;
	unsigned long locked_vm;
	unsigned long data_vm;
	unsigned long exec_vm;
};

enum {
#ifdef CONFIG_PPC32

#else

#endif
	DECLARE_VMA_BIT(UFFD_MINOR, 41),
	DECLARE_VMA_BIT(SEALED, 42),

	DECLARE_VMA_BIT_ALIAS(PKEY_BIT0, HIGH_ARCH_0),
};

#define VM_STACK_INCOMPLETE_SETUP (VM_RAND_READ | VM_SEQ_READ | VM_STACK_EARLY)

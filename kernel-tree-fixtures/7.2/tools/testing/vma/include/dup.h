/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's own declarations, once more. */
#define BIT(nr)			(1UL << (nr))
#define DECLARE_VMA_BIT(name, bitnum) VMA_##name##_BIT = (bitnum)
#define DECLARE_VMA_BIT_ALIAS(name, aliased) VMA_##name##_BIT = VMA_##aliased##_BIT
#define INIT_VM_FLAG(name)	BIT(VMA_##name##_BIT)

enum {
	DECLARE_VMA_BIT(GROWSDOWN, 8),
	DECLARE_VMA_BIT(LOCKED, 13),
	DECLARE_VMA_BIT(READ, 0),
	DECLARE_VMA_BIT(SEQ_READ, 15),
	DECLARE_VMA_BIT(RAND_READ, 16),
	DECLARE_VMA_BIT(SEALED, 42),
	DECLARE_VMA_BIT_ALIAS(STACK, GROWSDOWN),
};

#define VM_NONE			0UL
#define VM_LOCKED		INIT_VM_FLAG(LOCKED)
#define VM_READ			INIT_VM_FLAG(READ)
#define VM_RAND_READ		INIT_VM_FLAG(RAND_READ)
#define VM_SEQ_READ		INIT_VM_FLAG(SEQ_READ)
#define VM_STACK_EARLY		VM_NONE

#define VM_STACK_INCOMPLETE_SETUP (VM_RAND_READ | VM_SEQ_READ | VM_STACK_EARLY)

struct mm_struct {
	int map_count;
	unsigned long total_vm;
	unsigned long locked_vm;
	unsigned long data_vm;
};

struct vm_operations_struct {
	void (*close)(struct vm_area_struct *vma);
};

struct vm_area_struct {
	unsigned long vm_start, vm_end;
	struct mm_struct *vm_mm;
	vm_flags_t vm_flags;
	const struct vm_operations_struct *vm_ops;
};

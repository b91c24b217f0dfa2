/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_H
#define _LINUX_MM_H

#ifdef __KERNEL__

#include <linux/mm_types.h>

#define VM_READ		0x00000001
#define VM_WRITE	0x00000002
#define VM_GROWSDOWN	0x00000100
#if defined(CONFIG_STACK_GROWSUP) || defined(CONFIG_IA64)
#define VM_GROWSUP	0x00000200
#else
#define VM_GROWSUP	0x00000000
#endif
#define VM_PFNMAP	0x00000400
#define VM_DENYWRITE	0x00000800
#define VM_EXECUTABLE	0x00001000
#define VM_LOCKED	0x00002000
#define VM_IO           0x00004000
#define VM_SEQ_READ	0x00008000
#define VM_RAND_READ	0x00010000
#define VM_DONTEXPAND	0x00040000
#define VM_RESERVED	0x00080000
#define VM_ACCOUNT	0x00100000
#define VM_HUGETLB	0x00400000
#define VM_ALWAYSDUMP	0x04000000
#define VM_MERGEABLE	0x80000000

/* Bits set in the VMA until the stack is in its final location */
#define VM_STACK_INCOMPLETE_SETUP	(VM_RAND_READ | VM_SEQ_READ)

struct task_struct;

static inline int is_vm_hugetlb_page(struct vm_area_struct *vma)
{
	return !!(vma->vm_flags & VM_HUGETLB);
}

struct vm_area_struct *get_gate_vma(struct task_struct *task);
extern int can_do_mlock(void);
extern int make_pages_present(unsigned long addr, unsigned long end);

#endif /* __KERNEL__ */
#endif /* _LINUX_MM_H */

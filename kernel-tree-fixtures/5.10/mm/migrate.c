// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

struct migrate_vma {
	struct vm_area_struct *vma;
	unsigned long start, end;
};

int migrate_vma_setup(struct migrate_vma *args)
{
	if (!args->vma || is_vm_hugetlb_page(args->vma) ||
	    (args->vma->vm_flags & VM_SPECIAL) || vma_is_dax(args->vma))
		return -EINVAL;
	return args->start < args->end ? 0 : -EINVAL;
}

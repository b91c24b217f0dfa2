// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: which memory is looked at for NUMA balancing. */
#include <linux/mm.h>

struct callback_head;

void change_prot_numa(struct vm_area_struct *vma, unsigned long start,
		      unsigned long end);
void trace_sched_skip_vma_numa(struct mm_struct *mm, struct vm_area_struct *vma);

static void task_numa_work(struct callback_head *work)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma = find_vma(mm, 0);

	while (vma) {
		if (!vma_pages(vma) ||
			is_vm_hugetlb_page(vma) || (vma->vm_flags & VM_MIXEDMAP)) {
			trace_sched_skip_vma_numa(mm, vma);
			return;
		}
		change_prot_numa(vma, vma->vm_start, vma->vm_end);
		vma = find_vma(mm, vma->vm_end);
	}
}

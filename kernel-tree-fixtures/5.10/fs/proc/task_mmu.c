// SPDX-License-Identifier: GPL-2.0-only
/* A miniature of its time: the names of VMA flags in smaps. */
#include <linux/mm.h>
#include <linux/pagewalk.h>
#include <linux/swapops.h>

struct seq_file;

void seq_put_decimal_ull_width(struct seq_file *m, const char *delimiter,
			       u64 number, unsigned int width);
void seq_puts(struct seq_file *m, const char *text);

/* A call in the body of a macro, with no semicolon after it. */
#define SEQ_PUT_DEC(text, pages) \
		seq_put_decimal_ull_width(m, text, (pages) << (PAGE_SHIFT - 10), 8)

void task_mem(struct seq_file *m, struct mm_struct *mm)
{
	SEQ_PUT_DEC("VmSize:\t", mm->total_vm);
	SEQ_PUT_DEC(" kB\nVmLck:\t", mm->locked_vm);
	SEQ_PUT_DEC(" kB\nVmPin:\t", atomic64_read(&mm->pinned_vm));
	seq_puts(m, " kB\n");
}
#undef SEQ_PUT_DEC

#ifdef CONFIG_PROC_PAGE_MONITOR
struct mem_size_stats {
	unsigned long resident, anonymous, device;
	unsigned long swap;
	u64 pss_locked;
};

void walk_page_range(struct mm_struct *mm, unsigned long start, unsigned long end,
		     const struct mm_walk_ops *ops, void *private);

#define PSS_SHIFT	12

static void smaps_pte_entry(pte_t *pte, unsigned long addr,
		struct mm_walk *walk)
{
	struct mem_size_stats *mss = walk->private;
	struct page *page = NULL;

	if (pte_present(*pte)) {
		mss->resident += PAGE_SIZE;
	} else if (is_swap_pte(*pte)) {
		swp_entry_t swpent = pte_to_swp_entry(*pte);

		if (!non_swap_entry(swpent)) {
			mss->swap += PAGE_SIZE;
		} else if (is_device_private_entry(swpent))
			page = device_private_entry_to_page(swpent);
	}
	mss->device += page ? PAGE_SIZE : 0;
}

static const struct mm_walk_ops smaps_walk_ops = {
	.pte_entry = smaps_pte_entry,
};

static void smap_gather_stats(struct vm_area_struct *vma,
		struct mem_size_stats *mss, unsigned long start)
{
	const struct mm_walk_ops *ops = &smaps_walk_ops;

	if (start < vma->vm_end)
		walk_page_range(vma->vm_mm, start, vma->vm_end, ops, mss);
}

#define SEQ_PUT_DEC(text, bytes) \
		seq_put_decimal_ull_width(m, text, (bytes) >> 10, 8)

static void __show_smap(struct seq_file *m, const struct mem_size_stats *mss,
	bool rollup_mode)
{
	SEQ_PUT_DEC("Rss:            ", mss->resident);
	SEQ_PUT_DEC(" kB\nSwap:           ", mss->swap);
	SEQ_PUT_DEC(" kB\nLocked:         ",
					mss->pss_locked >> PSS_SHIFT);
	seq_puts(m, " kB\n");
}
#undef SEQ_PUT_DEC

static void show_smap_vma_flags(struct seq_file *m, struct vm_area_struct *vma)
{
	static const char mnemonics[BITS_PER_LONG][3] = {
		[ilog2(VM_READ)]	= "rd",
		[ilog2(VM_LOCKED)]	= "lo",
		[ilog2(VM_LOCKONFAULT)]	= "lf",
		[ilog2(VM_ACCOUNT)]	= "ac",
#ifdef CONFIG_MEM_SOFT_DIRTY
		[ilog2(VM_SOFTDIRTY)]	= "sd",
#endif
	};
	size_t i;

	seq_puts(m, "VmFlags:");
	for (i = 0; i < BITS_PER_LONG; i++) {
		if (vma->vm_flags & BIT(i))
			seq_puts(m, mnemonics[i][0] ? mnemonics[i] : "??");
	}
	seq_puts(m, "\n");
}

static int clear_refs_test_walk(unsigned long start, unsigned long end,
				struct mm_walk *walk)
{
	struct vm_area_struct *vma = walk->vma;

	if (vma->vm_flags & VM_PFNMAP)
		return 1;
	return end <= start;
}

static ssize_t clear_refs_write(struct file *file, const char __user *buf,
				size_t count, loff_t *ppos)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;

	for (vma = mm->mmap; vma; vma = vma->vm_next) {
		if (!(vma->vm_flags & VM_SOFTDIRTY))
			continue;
		vma->vm_flags &= ~VM_SOFTDIRTY;
	}
	return count;
}

#endif

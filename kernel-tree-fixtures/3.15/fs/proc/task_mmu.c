// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/seq_file.h>

static void show_smap_vma_flags(struct seq_file *m, struct vm_area_struct *vma)
{
	/*
	 * A flag without a name here shows as two question marks.
	 */
	static const char mnemonics[BITS_PER_LONG][2] = {
		[0 ... (BITS_PER_LONG-1)] = "??",

		[ilog2(VM_READ)]	= "rd",
		[ilog2(VM_LOCKED)]	= "lo",
		[ilog2(VM_MERGEABLE)]	= "mg",
	};
	size_t i;

	seq_puts(m, "VmFlags: ");
	for (i = 0; i < BITS_PER_LONG; i++) {
		if (vma->vm_flags & (1UL << i))
			seq_printf(m, "%c%c ", mnemonics[i][0], mnemonics[i][1]);
	}
	seq_putc(m, '\n');
}

// SPDX-License-Identifier: GPL-2.0-only
#ifdef CONFIG_PROC_PAGE_MONITOR

static void show_smap_vma_flags(struct seq_file *m, struct vm_area_struct *vma)
{
	static const char mnemonics[BITS_PER_LONG][2] = {
#ifdef CONFIG_ARCH_HAS_PKEYS

#if VM_PKEY_BIT4

#endif
#endif
	};
	size_t i;

	seq_puts(m, "VmFlags: ");
}

#endif

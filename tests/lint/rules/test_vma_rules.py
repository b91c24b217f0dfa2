# SPDX-License-Identifier: GPL-2.0-only
"""Flags of VMAs, fork, new owners and reports."""

from __future__ import annotations

import pytest
from one_file import findings_of

LOCK = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

static int change(struct vm_area_struct *vma, unsigned long flags)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long old = vma->vm_flags;
	long pages = vma_pages(vma);

	if (!(flags & VM_LOCKED))
		pages = -pages;
	else if (old & VM_LOCKED)
		pages = 0;
	mm->locked_vm += pages;
	vma->vm_flags = flags;
	return 0;
}

int window_lock(struct vm_area_struct *vma)
{
	struct mm_struct *mm = current->mm;
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	int ret = -ENOMEM;

	mmap_write_lock(mm);
	if (mm->locked_vm + atomic64_read(&mm->pinned_vm) + vma_pages(vma) <= limit ||
	@capable(CAP_IPC_LOCK))
		ret = change(vma, vma->vm_flags | VM_LOCKED);
	mmap_write_unlock(mm);
	return ret;
}

int window_unlock(struct vm_area_struct *vma)
{
	struct mm_struct *mm = current->mm;
	int ret;

	mmap_write_lock(mm);
	ret = change(vma, vma->vm_flags & ~VM_LOCKED);
	mmap_write_unlock(mm);
	return ret;
}
""".replace("@", "	")


def test_flags_that_move_with_the_counter_are_fine() -> None:
    found = findings_of(LOCK)
    assert not found, [(each.rule, each.function, each.message) for each in found]


def test_counter_without_the_flags() -> None:
    text = LOCK.replace("	vma->vm_flags = flags;\n", "")
    assert [each.function for each in findings_of(text, "counter-without-flag")] == ["change"]


FORK = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

int copy_all(struct mm_struct *mm, struct mm_struct *oldmm)
{
	struct vm_area_struct *mpnt, *tmp;

	for (mpnt = oldmm->mmap; mpnt; mpnt = mpnt->vm_next) {
		tmp = vm_area_dup(mpnt);
		if (!tmp)
			return -ENOMEM;
		tmp->vm_mm = mm;
		tmp->vm_flags &= ~(VM_LOCKED | VM_LOCKONFAULT);
		link_it(mm, tmp);
	}
	return 0;
}

struct mm_struct *fresh(struct mm_struct *mm)
{
	mm->locked_vm = 0;
	atomic64_set(&mm->pinned_vm, 0);
	mm->def_flags = current->mm->def_flags & VM_INIT_DEF_MASK;
	return mm;
}
"""


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("fork-inherits-charge", "		tmp->vm_flags &= ~(VM_LOCKED | VM_LOCKONFAULT);\n", ""),
        ("fork-inherits-charge", "~(VM_LOCKED | VM_LOCKONFAULT)", "~VM_LOCKONFAULT"),
        ("fork-inherits-charge", "mm->locked_vm = 0", "mm->locked_vm = current->mm->locked_vm"),
        ("fork-inherits-charge", " & VM_INIT_DEF_MASK", ""),
        ("mm-not-initialised", "	mm->locked_vm = 0;\n", ""),
        ("mm-not-initialised", "	atomic64_set(&mm->pinned_vm, 0);\n", ""),
    ],
)
def test_what_a_child_gets(rule: str, old: str, new: str) -> None:
    assert not findings_of(FORK, rule)
    assert FORK.count(old) == 1
    assert len(findings_of(FORK.replace(old, new), rule)) == 1


MAPPING = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	struct mm_struct *vm_mm;
	void *vm_private_data;
	const struct vm_operations_struct *vm_ops;
};

struct window {
	unsigned long pages;
};

static void window_close(struct vm_area_struct *vma)
{
	struct window *w = vma->vm_private_data;

	atomic64_sub(w->pages, &vma->vm_mm->pinned_vm);
}

static const struct vm_operations_struct window_ops = {
	.close = window_close,
};

static int window_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	struct window *w = file->private_data;
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	unsigned long total = mm->locked_vm;

	total += atomic64_add_return(w->pages, &mm->pinned_vm);
	if (total > limit && !capable(CAP_IPC_LOCK)) {
		atomic64_sub(w->pages, &mm->pinned_vm);
		return -ENOMEM;
	}
	vm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND);
	vma->vm_ops = &window_ops;
	return 0;
}

static const struct file_operations window_fops = {
	.mmap = window_mmap,
};
"""


@pytest.mark.parametrize(
    ("old", "new", "count"),
    [
        ("VM_DONTCOPY | ", "", 1),
        ("VM_DONTCOPY | ", "VM_IO | VM_DONTCOPY | ", 0),
        ("vm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND)",
         "vma->vm_flags |= VM_DONTCOPY | VM_DONTEXPAND", 0),
        ("vm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND)", "vma->vm_flags |= VM_DONTEXPAND", 1),
    ],
)  # fmt: skip
def test_mapping_whose_close_gives_back_is_not_copied(old: str, new: str, count: int) -> None:
    found = findings_of(MAPPING.replace(old, new), "fork-inherits-charge")
    assert [each.function for each in found] == ["window_mmap"] * count


REPORT = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

#define SHOW(str, val) seq_put_decimal_ull_width(m, str, (val) << (PAGE_SHIFT - 10), 8)

void window_show(struct seq_file *m, struct mm_struct *mm)
{
	SHOW("VmLck:", mm->locked_vm);
	SHOW("VmPin:", atomic64_read(&mm->pinned_vm));
}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('	SHOW("VmLck:", mm->locked_vm);\n', ""),
        ('	SHOW("VmPin:", atomic64_read(&mm->pinned_vm));\n', ""),
        ("atomic64_read(&mm->pinned_vm)", "mm->locked_vm"),
    ],
)
def test_report_of_one_counter(old: str, new: str) -> None:
    assert not findings_of(REPORT)
    assert len(findings_of(REPORT.replace(old, new), "report-one-counter")) == 1

# SPDX-License-Identifier: GPL-2.0-only
"""How counters are changed: locks, atomics, overwriting, 32 bits, uses after the last put."""

from __future__ import annotations

import pytest
from one_file import findings_of

LOCKED = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

struct window {
	struct mm_struct *mm;
	unsigned long pages;
};

static bool window_fits(struct mm_struct *mm, unsigned long pages)
{
	return mm->locked_vm + atomic64_read(&mm->pinned_vm) + pages <=
		rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT || capable(CAP_IPC_LOCK);
}

static void window_add(struct mm_struct *mm, unsigned long pages)
{
	mm->locked_vm += pages;
}

int window_take(struct window *w, unsigned long pages)
{
	struct mm_struct *mm = current->mm;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	if (!window_fits(mm, pages)) {
		mmap_write_unlock(mm);
		return -ENOMEM;
	}
	window_add(mm, pages);
	mmap_write_unlock(mm);
	mmgrab(mm);
	w->mm = mm;
	w->pages = pages;
	return 0;
}

void window_release(struct window *w)
{
	mmap_write_lock(w->mm);
	w->mm->locked_vm -= w->pages;
	mmap_write_unlock(w->mm);
	mmdrop(w->mm);
	kfree(w);
}
"""

UNLOCKED = [
    ("window_take", [("mmap_write_lock_killable(mm)", "mmap_read_lock_killable(mm)")]),
    ("window_take", [("	window_add(mm, pages);\n	mmap_write_unlock(mm);\n",
                      "	mmap_write_unlock(mm);\n	window_add(mm, pages);\n")]),
    ("window_take", [("	window_add(mm, pages);\n",
                      "	mmap_write_downgrade(mm);\n	window_add(mm, pages);\n")]),
    ("window_release", [("mmap_write_lock(w->mm)", "mmap_read_lock(w->mm)"),
                        ("mmap_write_unlock(w->mm)", "mmap_read_unlock(w->mm)")]),
    ("window_release", [("	mmap_write_lock(w->mm);\n", "")]),
    ("window_release", [("	mmap_write_lock(w->mm);\n", ""),
                        ("	mmap_write_unlock(w->mm);\n", "")]),
]  # fmt: skip

STILL_LOCKED = [
    [("	mmap_write_lock(w->mm);\n", "	down_write(&w->mm->mmap_lock);\n"),
     ("	mmap_write_unlock(w->mm);\n", "	up_write(&w->mm->mmap_lock);\n")],
    [("if (mmap_write_lock_killable(mm))\n		return -EINTR;",
      "mmap_write_lock(mm);")],
    [("	mm->locked_vm += pages;\n",
      "	mmap_assert_write_locked(mm);\n	mm->locked_vm = mm->locked_vm + pages;\n")],
    [("	mmap_write_lock(w->mm);\n", "	spin_lock(&w->mm->page_table_lock);\n"),
     ("	mmap_write_unlock(w->mm);\n", "	spin_unlock(&w->mm->page_table_lock);\n")],
]  # fmt: skip


def _edited(text: str, edits: list[tuple[str, str]]) -> str:
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(("function", "edits"), UNLOCKED)
def test_plain_counter_without_its_lock(function: str, edits: list[tuple[str, str]]) -> None:
    found = findings_of(_edited(LOCKED, edits), "plain-counter-unlocked")
    assert [each.function for each in found] == [function]


@pytest.mark.parametrize("edits", [[], *STILL_LOCKED])
def test_plain_counter_under_its_lock(edits: list[tuple[str, str]]) -> None:
    found = findings_of(_edited(LOCKED, edits))
    assert not found, [(each.rule, each.line, each.message) for each in found]


def test_helper_without_lock_is_told_where_no_caller_holds_it() -> None:
    edits = [
        ("	if (mmap_write_lock_killable(mm))\n		return -EINTR;\n", ""),
        ("		mmap_write_unlock(mm);\n		return", "		return"),
        ("	mmap_write_unlock(mm);\n	mmgrab", "	mmgrab"),
    ]
    found = findings_of(_edited(LOCKED, edits), "plain-counter-unlocked")
    assert len(found) == 1
    assert found[0].function in ("window_add", "window_take")


PINNED = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

struct window {
	struct mm_struct *mm;
	unsigned long pages;
};

int window_take(struct window *w, u64 start, u64 size)
{
	unsigned long pages = PFN_UP(start + size) - PFN_DOWN(start);
	struct mm_struct *mm = current->mm;

	if (mm->locked_vm + atomic64_read(&mm->pinned_vm) + pages >
	@rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT && !capable(CAP_IPC_LOCK))
		return -ENOMEM;
	atomic64_add(pages, &mm->pinned_vm);
	mmgrab(mm);
	w->mm = mm;
	w->pages = pages;
	return 0;
}

void window_release(struct window *w)
{
	struct mm_struct *mm = w->mm;

	atomic64_sub(w->pages, &mm->pinned_vm);
	mmdrop(mm);
	kfree(w);
}
""".replace("@", "	")

ADD = "	atomic64_add(pages, &mm->pinned_vm);\n"
SUB = "	atomic64_sub(w->pages, &mm->pinned_vm);\n"

CHANGED = [
    ("atomic-counter-plain", ADD,
     "	atomic64_set(&mm->pinned_vm, atomic64_read(&mm->pinned_vm) + pages);\n"),
    ("atomic-counter-plain", ADD,
     "	{\n		s64 old = atomic64_read(&mm->pinned_vm);\n\n"
     "		atomic64_set(&mm->pinned_vm, old + pages);\n	}\n"),
    ("counter-overwritten", ADD, "	atomic64_set(&mm->pinned_vm, pages);\n"),
    ("counter-overwritten", SUB, "	atomic64_set(&mm->pinned_vm, w->pages);\n"),
    ("count-truncated", ADD, "	atomic64_add((unsigned int)pages, &mm->pinned_vm);\n"),
    ("count-truncated", "	unsigned long pages = PFN_UP", "	u32 pages = PFN_UP"),
    ("use-after-put", SUB + "	mmdrop(mm);\n", "	mmdrop(mm);\n" + SUB),
    ("use-after-put", SUB + "	mmdrop(mm);\n	kfree(w);\n",
     "	kfree(w);\n	atomic64_sub(w->pages, &mm->pinned_vm);\n	mmdrop(mm);\n"),
]  # fmt: skip

SAME = [
    (ADD, "	atomic64_add_return(pages, &mm->pinned_vm);\n"),
    ("	struct mm_struct *mm = w->mm;\n\n" + SUB + "	mmdrop(mm);\n	kfree(w);\n",
     "	struct mm_struct *mm = w->mm;\n	unsigned long pages = w->pages;\n\n	kfree(w);\n"
     "	atomic64_sub(pages, &mm->pinned_vm);\n	mmdrop(mm);\n"),
    (SUB, "	mmget(mm);\n" + SUB + "	mmput(mm);\n"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "old", "new"), CHANGED)
def test_change_that_goes_wrong(rule: str, old: str, new: str) -> None:
    found = findings_of(_edited(PINNED, [(old, new)]), rule)
    assert len(found) == 1


@pytest.mark.parametrize(("old", "new"), [("", ""), *SAME])
def test_change_that_is_right(old: str, new: str) -> None:
    found = findings_of(_edited(PINNED, [(old, new)] if old else []))
    assert not found, [(each.rule, each.line, each.message) for each in found]


def test_count_that_is_bounded_may_be_an_int() -> None:
    bounded = "	if (size > INT_MAX)\n		return -EINVAL;\n"
    text = _edited(
        PINNED,
        [
            ("	unsigned long pages = PFN_UP(start + size) - PFN_DOWN(start);\n",
             "	unsigned int pages;\n"),
            ("	struct mm_struct *mm = current->mm;\n\n",
             "	struct mm_struct *mm = current->mm;\n\n" + bounded + "	pages = PFN_UP(size);\n"),
        ],
    )  # fmt: skip
    assert not findings_of(text, "count-truncated")


def test_subjects_do_not_name_locals_and_lines() -> None:
    edit = ("	mmap_write_lock(w->mm);\n", "")
    text = _edited(LOCKED, [edit])
    renamed = text.replace("struct window *w", "struct window *win").replace("w->", "win->")
    moved = renamed.replace("kfree(w)", "kfree(win)").replace(
        "void window_rel", "\n\nvoid window_rel"
    )
    first = findings_of(text, "plain-counter-unlocked")
    second = findings_of(moved, "plain-counter-unlocked")
    assert [each.fingerprint for each in first] == [each.fingerprint for each in second]

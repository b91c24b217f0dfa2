# SPDX-License-Identifier: GPL-2.0-only
"""Limit checks in several styles: each defect is seen, and no way to write it right is."""

from __future__ import annotations

import pytest
from one_file import findings_of

LIMIT_RULES = (
    "limit-check-one-counter",
    "limit-check-ignores-usage",
    "limit-check-ignores-request",
    "bytes-for-pages",
    "limit-check-counts-twice",
    "limit-check-capability",
    "limit-check-direction",
    "limit-check-missing",
)

FILE = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

struct window {
	struct mm_struct *mm;
	unsigned long pages;
};

static unsigned long window_limit(void)
{
	return rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
}

static unsigned long window_total(struct mm_struct *mm)
{
	return mm->locked_vm + atomic64_read(&mm->pinned_vm);
}

@@@

int window_take(struct window *w, struct mm_struct *mm, unsigned long pages)
{
	int ret = window_charge(mm, pages);

	if (ret)
		return ret;
	mmgrab(mm);
	w->mm = mm;
	w->pages = pages;
	return 0;
}

void window_release(struct window *w)
{
	atomic64_sub(w->pages, &w->mm->pinned_vm);
	mmdrop(w->mm);
	kfree(w);
}
"""


def _charge(body: str) -> str:
    head = "static int window_charge(struct mm_struct *mm, unsigned long pages)\n{\n"
    return FILE.replace("@@@", head + body + "}")


RIGHT = {
    "charged first": """\
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	if (atomic64_add_return(pages, &mm->pinned_vm) + mm->locked_vm <= limit)
		return 0;
	if (capable(CAP_IPC_LOCK))
		return 0;
	atomic64_sub(pages, &mm->pinned_vm);
	return -ENOMEM;
""",
    "capability first": """\
	if (!capable(CAP_IPC_LOCK) && window_total(mm) + pages > window_limit())
		return -ENOMEM;
	atomic64_add(pages, &mm->pinned_vm);
	return 0;
""",
    "goto": """\
	unsigned long limit, total;
	int ret = -ENOMEM;

	limit = rlimit(RLIMIT_MEMLOCK);
	limit >>= PAGE_SHIFT;
	total = pages;
	total += mm->locked_vm;
	total += atomic64_read(&mm->pinned_vm);
	if (total > limit && !capable(CAP_IPC_LOCK))
		goto out;
	atomic64_add(pages, &mm->pinned_vm);
	ret = 0;
out:
	return ret;
""",
    "in bytes": """\
	unsigned long limit = rlimit(RLIMIT_MEMLOCK);
	bool may = capable(CAP_IPC_LOCK);

	if (((window_total(mm) + pages) << PAGE_SHIFT) > limit && !may)
		return -ENOMEM;
	atomic64_add(pages, &mm->pinned_vm);
	return 0;
""",
    "on the other side": """\
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) / PAGE_SIZE;

	if (limit - mm->locked_vm - atomic64_read(&mm->pinned_vm) < pages)
		if (!capable(CAP_IPC_LOCK))
			return -ENOMEM;
	atomic64_add(pages, &mm->pinned_vm);
	return 0;
""",
    "a limit of its own as well": """\
	bool may = capable(CAP_IPC_LOCK);

	atomic64_add(pages, &mm->pinned_vm);
	if (window_total(mm) > window_limit() && !may)
		goto uncharge;
	if (pages <= window_cache || may)
		return 0;

uncharge:
	atomic64_sub(pages, &mm->pinned_vm);
	return -ENOMEM;
""",
    "loop": """\
	unsigned long limit = PFN_DOWN(rlimit(RLIMIT_MEMLOCK));
	s64 old, new;

	old = atomic64_read(&mm->pinned_vm);
	do {
		new = old + pages;
		if (new + mm->locked_vm > limit && !capable(CAP_IPC_LOCK))
			return -ENOMEM;
	} while (!atomic64_try_cmpxchg(&mm->pinned_vm, &old, new));
	return 0;
""",
    "conditional expression": """\
	unsigned long limit = capable(CAP_IPC_LOCK) ? ULONG_MAX : window_limit();

	if (window_total(mm) + pages > limit)
		return -ENOMEM;
	atomic64_add(pages, &mm->pinned_vm);
	return 0;
""",
}

WRONG = {
    "limit-check-one-counter": [
        ("goto", "	total += mm->locked_vm;\n", ""),
        ("goto", "	total += atomic64_read(&mm->pinned_vm);\n", ""),
        ("charged first", " + mm->locked_vm", ""),
        ("loop", "new + mm->locked_vm", "new"),
        ("in bytes", "window_total(mm)", "atomic64_read(&mm->pinned_vm)"),
        ("on the other side", " - mm->locked_vm", ""),
    ],
    "limit-check-ignores-usage": [
        ("capability first", "window_total(mm) + pages", "pages"),
        (
            "goto",
            "	total += mm->locked_vm;\n	total += atomic64_read(&mm->pinned_vm);\n",
            "",
        ),
        ("in bytes", "(window_total(mm) + pages)", "pages"),
        ("on the other side", " - mm->locked_vm - atomic64_read(&mm->pinned_vm)", ""),
    ],
    "limit-check-ignores-request": [
        ("capability first", " + pages >", " >"),
        ("goto", "total = pages", "total = 0"),
        ("on the other side", "< pages", "< 0"),
    ],
    "bytes-for-pages": [
        ("goto", "	limit >>= PAGE_SHIFT;\n", ""),
        ("charged first", " >> PAGE_SHIFT", ""),
        ("in bytes", "rlimit(RLIMIT_MEMLOCK)", "rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT"),
        ("capability first", "atomic64_add(pages,", "atomic64_add(pages << PAGE_SHIFT,"),
        ("loop", "PFN_DOWN(rlimit(RLIMIT_MEMLOCK))", "rlimit(RLIMIT_MEMLOCK)"),
    ],
    "limit-check-counts-twice": [
        ("charged first", " + mm->locked_vm", " + pages + mm->locked_vm"),
        ("goto", "total = pages;", "total = pages + mm->locked_vm;"),
    ],
    "limit-check-capability": [
        ("goto", " && !capable(CAP_IPC_LOCK)", ""),
        ("goto", "CAP_IPC_LOCK", "CAP_SYS_ADMIN"),
        ("capability first", "!capable(CAP_IPC_LOCK) && ", ""),
        ("charged first", "	if (capable(CAP_IPC_LOCK))\n		return 0;\n", ""),
        ("loop", " && !capable(CAP_IPC_LOCK)", ""),
        ("goto", "&& !capable", "&& capable"),
        ("goto", "&& !capable", "|| !capable"),
    ],
    "limit-check-direction": [
        ("goto", "total > limit", "total < limit"),
        ("charged first", "<= limit", ">= limit"),
        ("capability first", "pages > window", "pages >= window"),
        ("on the other side", "< pages", "> pages"),
    ],
    "limit-check-missing": [
        (
            "goto",
            "	if (total > limit && !capable(CAP_IPC_LOCK))\n		goto out;\n",
            "",
        ),
        (
            "capability first",
            "	if (!capable(CAP_IPC_LOCK) && window_total(mm) + pages > window_limit())\n"
            "		return -ENOMEM;\n",
            "",
        ),
    ],
}


@pytest.mark.parametrize("style", RIGHT)
def test_no_finding_where_the_check_is_right(style: str) -> None:
    found = findings_of(_charge(RIGHT[style]))
    assert not found, [(each.rule, each.line, each.message) for each in found]


@pytest.mark.parametrize(
    ("rule", "style", "old", "new"),
    [(rule, *case) for rule, cases in WRONG.items() for case in cases],
)
def test_finding_where_the_check_is_wrong(rule: str, style: str, old: str, new: str) -> None:
    assert RIGHT[style].count(old) == 1
    found = findings_of(_charge(RIGHT[style].replace(old, new)), rule)
    assert [each.function for each in found] == ["window_charge"]


LATE = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

struct pin {
	unsigned long late;
};

void pins_take_over(struct mm_struct *mm, unsigned long start, unsigned long pages)
{
	struct pin *pin = pin_find(mm, start);

	if (!pin)
		return;
	pin->late += pages;
	atomic64_add(pages, &mm->pinned_vm);
}

void pin_free(struct mm_struct *mm, struct pin *pin)
{
	atomic64_sub(pin->late, &mm->pinned_vm);
	kfree(pin);
}
"""
"""A pin that was compared when it was made takes over a charge, and nobody could refuse that."""


@pytest.mark.parametrize(
    ("old", "new", "missing"),
    [
        ("", "", False),
        ("void pins_take_over", "int pins_take_over", True),
        ("\tpin->late += pages;\n", "", True),
        ("\tpin->late += pages;\n", "\tpin->late++;\n", True),
        ("pin_find(mm, start)", "kzalloc(sizeof(*pin), GFP_KERNEL)", True),
    ],
)
def test_what_cannot_refuse_may_charge_what_was_there(old: str, new: str, missing: bool) -> None:
    found = findings_of(LATE.replace(old, new, 1), "limit-check-missing")
    assert bool(found) is missing

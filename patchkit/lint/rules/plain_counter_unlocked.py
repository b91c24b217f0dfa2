# SPDX-License-Identifier: GPL-2.0-only
"""A plain counter is read, changed and written where its lock is not held for write."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis, FunctionPaths
from patchkit.lint.checks import Key, finding, key_of
from patchkit.lint.examples import pair_of
from patchkit.lint.locking import needs, unprotected
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule

WHY = """\
mm->locked_vm is a plain unsigned long: `+=` reads, adds and writes. Two threads that do so at once,
one of them without the mmap lock for write, lose one of the changes, and the counter stays wrong
until the mm goes: too high, and mlock() fails for no reason; too low, and the limit is evaded,
until a later munmap() takes it below zero, which is 2^64 - 1 pages. Holding the lock for read is
not enough. Older kernels, where a fault grows a stack with the lock held for read, take
mm->page_table_lock for the change.
"""

TEXT = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

struct window {
	struct mm_struct *mm;
	unsigned long pages;
};

static int window_account(struct mm_struct *mm, unsigned long pages)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	if (mm->locked_vm + atomic64_read(&mm->pinned_vm) + pages > limit &&
		!capable(CAP_IPC_LOCK))
		return -ENOMEM;
	mm->locked_vm += pages;
	return 0;
}

int window_charge(struct window *w, unsigned long pages)
{
	struct mm_struct *mm = current->mm;
	int ret;

	mmap_@@@_lock(mm);
	ret = window_account(mm, pages);
	mmap_@@@_unlock(mm);
	if (ret)
		return ret;
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

FAILING, PASSING = pair_of(
    TEXT,
    """read""",
    """write""",
)


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    told: set[tuple[str, FunctionPaths, Key]] = set()
    for need in needs(analysis):
        for where in unprotected(analysis, need):
            here = (need.counter, where.function, key_of(where.event.here))
            if here in told:  # by another call that leads there
                continue
            told.add(here)
            yield finding(
                RULE,
                where.path,
                where.event,
                f"{need.counter} changes where {need.lock} is {where.state}",
                f"{need.counter} without {need.lock}",
                f"{need.lock} is {where.state} here",
                here=True,
            )


RULE = Rule(
    id="plain-counter-unlocked",
    title="Plain counter changed without its write lock",
    severity=Severity.ERROR,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

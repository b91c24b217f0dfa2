# SPDX-License-Identifier: GPL-2.0-only
"""An atomic counter is changed by a read and a write, or a plain one by an atomic operation."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis
from patchkit.lint.checks import charges, finding
from patchkit.lint.examples import pair_of
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule

WHY = """\
An atomic counter that is read, added to and written back by two operations is not atomic any more:
a charge that another CPU makes in between is lost. mm->pinned_vm became atomic64_t in 70f8a3ca68d3
("mm: make mm->pinned_vm an atomic64 counter", v5.1) so that drivers need not take the mmap lock; a
plain write undoes that for all of them. The other way round, an atomic operation on a plain counter
does not exclude the plain changes that are made under the lock.
"""

TEXT = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

struct window {
	struct mm_struct *mm;
	unsigned long pages;
};

int window_charge(struct window *w, unsigned long pages)
{
	struct mm_struct *mm = current->mm;
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	if (mm->locked_vm + atomic64_read(&mm->pinned_vm) + pages > limit &&
		!capable(CAP_IPC_LOCK))
		return -ENOMEM;
	@@@;
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

FAILING, PASSING = pair_of(
    TEXT,
    """atomic64_set(&mm->pinned_vm, atomic64_read(&mm->pinned_vm) + pages)""",
    """atomic64_add(pages, &mm->pinned_vm)""",
)


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    kinds = {counter.id: counter.kind for counter in analysis.counters.counters}
    for _, path, charge in charges(analysis):
        kind = kinds.get(charge.counter)
        if charge.via or kind is None:
            continue
        if kind == "atomic" and charge.how != "atomic":
            yield finding(
                RULE,
                path,
                charge,
                f"{charge.counter} is atomic and changes by a read and a write",
                f"{charge.counter} of {charge.owner.typed} by {charge.amount.placed}",
                "a change that another CPU makes between the read and the write is lost",
            )
        elif kind == "plain" and charge.how == "atomic":
            yield finding(
                RULE,
                path,
                charge,
                f"{charge.counter} is plain and changes by {charge.operator}()",
                f"{charge.counter} of {charge.owner.typed} by {charge.amount.placed}",
                "plain changes elsewhere are not excluded",
            )


RULE = Rule(
    id="atomic-counter-plain",
    title="Atomic counter changed by a read and a write",
    severity=Severity.ERROR,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

# SPDX-License-Identifier: GPL-2.0-only
"""A counter is set to an amount instead of being changed by it."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis
from patchkit.lint.checks import accounted, finding, key_of
from patchkit.lint.events import Init
from patchkit.lint.examples import pair_of
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule

WHY = """\
`=` where `+=` or `-=` is meant throws away what everybody else has charged. Their releases then
take the counter below zero: as an unsigned number of pages that is above every limit, and all
further mlock() and registrations of the process fail. Only a new owner's counter may be set.
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
    """atomic64_set(&mm->pinned_vm, pages)""",
    """atomic64_add(pages, &mm->pinned_vm)""",
)


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    seen: set[tuple[object, ...]] = set()
    known = accounted(analysis)
    for function in analysis.functions:
        for path in function.paths:
            for event in path.events:
                if not isinstance(event, Init) or event.via or event.whole:
                    continue
                if event.value.constant == 0 or _copied(event) or event.counter not in known:
                    continue
                key = (*key_of(event.site), event.counter)
                if key in seen:
                    continue
                seen.add(key)
                yield finding(
                    RULE,
                    path,
                    event,
                    f"{event.counter} is set to an amount: what it held is lost",
                    f"{event.counter} of {event.owner.typed} = {event.value.placed}",
                    "the counter's old value does not matter here",
                )


def _copied(event: Init) -> bool:
    """Tell whether the value is the counter of another owner (a copy, see fork)."""
    atom = event.value.atom
    member = event.counter.partition(".")[2]
    return atom is not None and atom.kind == "field" and atom.name == member


RULE = Rule(
    id="counter-overwritten",
    title="Counter overwritten where it should be changed",
    severity=Severity.ERROR,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

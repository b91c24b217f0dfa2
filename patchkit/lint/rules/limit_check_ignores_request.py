# SPDX-License-Identifier: GPL-2.0-only
"""A limit check compares the usage before the charge alone."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis
from patchkit.lint.checks import Seen, check_finding, counted, judged, pairs_of, places, whole_limit
from patchkit.lint.examples import pair_of
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule

WHY = """\
A check that compares with the limit only what is charged already lets the last request through
whatever its size: a process below its limit by one page may charge all of the memory. Add the
request before comparing, or charge first and compare afterwards.
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

	if (mm->locked_vm + atomic64_read(&mm->pinned_vm)@@@ > limit && !capable(CAP_IPC_LOCK))
		return -ENOMEM;

	atomic64_add(pages, &mm->pinned_vm);
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
    """""",
    """ + pages""",
)


def _empty(seen: Seen, analysis: Analysis) -> bool:
    """Tell whether no path adds anything to the counters before it compares them."""
    if not whole_limit(seen[1].check) or not counted(analysis, seen[1].check):
        return False
    return all(
        check.request.zero and not check.charged for _, check in (*seen[1].over, *seen[1].under)
    )


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    for place in places(analysis):
        if not pairs_of(analysis, place.check):
            continue
        found = judged(place, lambda seen: _empty(seen, analysis))
        if found is not None:
            names = "+".join(sorted(counted(analysis, found[1].check)))
            yield check_finding(
                RULE,
                place,
                found,
                f"{place.check.resource} is compared with {names} as it is, without the request",
                names,
                "the sum does not hold what is going to be charged",
            )


RULE = Rule(
    id="limit-check-ignores-request",
    title="Limit check that ignores the request",
    severity=Severity.ERROR,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

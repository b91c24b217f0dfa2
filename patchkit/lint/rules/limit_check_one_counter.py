# SPDX-License-Identifier: GPL-2.0-only
"""A limit check counts one counter of a pair and forgets the other."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis
from patchkit.lint.checks import Seen, check_finding, judged, pairs_of, places
from patchkit.lint.examples import pair_of
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule

WHY = """\
RLIMIT_MEMLOCK bounds what one process keeps unevictable. Since bc3e53f682d9 ("mm: distinguish
between mlocked and pinned pages", v3.2) its pages are in two counters, mm->locked_vm and
mm->pinned_vm. A check that compares only one of them with the limit lets a process have the limit
once by mlock() and a second time by registering memory with a driver: twice what the administrator
allowed, and the machine may run out of memory that can be reclaimed. Compare the sum.
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
	unsigned long total = @@@;

	if (total > limit && !capable(CAP_IPC_LOCK)) {
		atomic64_sub(pages, &mm->pinned_vm);
		return -ENOMEM;
	}
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
    """atomic64_add_return(pages, &mm->pinned_vm)""",
    """mm->locked_vm + atomic64_add_return(pages, &mm->pinned_vm)""",
)


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    told: set[tuple[str, ...]] = set()
    for place in places(analysis):
        for pair in pairs_of(analysis, place.check):
            if len(pair.counters) < 2:
                continue

            def some(seen: Seen, wanted: frozenset[str] = frozenset(pair.counters)) -> bool:
                counted = {counter for counter, _ in seen[1].check.counters}
                return bool(counted & wanted) and not wanted <= counted

            found = judged(place, some)
            if found is None:
                continue
            counted = {counter for counter, _ in found[1].check.counters}
            missing = [counter for counter in pair.counters if counter not in counted]
            present = [counter for counter in pair.counters if counter in counted]
            key = (place.site.file, place.site.function, *present)
            if key in told:
                continue
            told.add(key)
            yield check_finding(
                RULE,
                place,
                found,
                f"{pair.limit} is compared with {' + '.join(present)} alone,"
                f" without {' + '.join(missing)}",
                f"{'+'.join(present)} without {'+'.join(missing)}",
                f"{' + '.join(missing)} is not in the sum",
            )


RULE = Rule(
    id="limit-check-one-counter",
    title="Limit check that counts one of the counters only",
    severity=Severity.ERROR,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

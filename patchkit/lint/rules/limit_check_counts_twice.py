# SPDX-License-Identifier: GPL-2.0-only
"""A limit check counts a counter or the request more than once."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis, Path
from patchkit.lint.checks import Seen, check_finding, judged, pairs_of, places
from patchkit.lint.events import Charge, Check
from patchkit.lint.examples import pair_of
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule
from patchkit.lint.values import ZERO, Value

WHY = """\
What is charged before the check is in the counter already. Added once more, the request counts
twice, and a process is refused at half of what it may have: registrations fail with -ENOMEM on
machines where they should not. The same goes for a counter that is in the sum two times.
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
	unsigned long total = mm->locked_vm + atomic64_add_return(pages, &mm->pinned_vm);

	if (total@@@ > limit && !capable(CAP_IPC_LOCK)) {
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
    """ + pages""",
    """""",
)


def _twice(seen: Seen, members: frozenset[tuple[str, str]]) -> str:
    """Return what a check counts more than once, by its type; empty if nothing is."""
    for path, check in (*seen[1].over, *seen[1].under):
        ids = [counter for counter, _ in check.counters]
        for counter in ids:
            if ids.count(counter) > 1:
                return counter
        for product, factor in check.usage.terms:
            if factor > 1 and any((atom.tag, atom.name) in members for atom in product):
                return Value(((product, 1),)).placed
        request = dict(check.request.terms)
        for product, factor in _charged(path, check).terms:
            if product and factor > 0 and request.get(product, 0) >= 2 * factor:
                return f"request {Value(((product, 1),)).typed}"
    return ""


def _charged(path: Path, check: Check) -> Value:
    """Return what a path has charged to the counters of a check when it compares."""
    total = ZERO
    for event in path.events:
        if event is check:
            break
        if isinstance(event, Charge) and (event.counter, event.owner) in check.counters:
            total += event.amount
    return total


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    members = frozenset((each.struct, each.member) for each in analysis.counters.counters)
    for place in places(analysis):
        if not pairs_of(analysis, place.check):
            continue
        found = judged(place, lambda seen: bool(_twice(seen, members)))
        if found is not None:
            twice = _twice(found, members)
            yield check_finding(
                RULE,
                place,
                found,
                f"the sum compared with {place.check.resource} holds {twice} twice",
                twice,
                f"{twice} is counted a second time",
            )


RULE = Rule(
    id="limit-check-counts-twice",
    title="Limit check that counts pages twice",
    severity=Severity.WARNING,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

# SPDX-License-Identifier: GPL-2.0-only
"""A limit check refuses below the limit, or at the limit."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis, Path
from patchkit.lint.checks import Seen, check_finding, fails, judged, pairs_of, places, whole_limit
from patchkit.lint.events import Assume, Capability, Check
from patchkit.lint.examples import pair_of
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule

WHY = """\
A check that refuses what is below the limit and grants what exceeds it is worse than none: ordinary
requests fail, and unlimited ones succeed. A check that refuses a total equal to the limit (>= for
>) is off by one page: with a limit of 64 KiB a process gets 60 KiB.
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

	if (total @@@ limit && !capable(CAP_IPC_LOCK)) {
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
    """<""",
    """>""",
)


def _reversed(seen: Seen) -> bool:
    """Tell whether the check refuses whatever is below the limit, and lets pass what exceeds it."""
    site = seen[1]
    if not whole_limit(site.check) or site.check.usage.constant is not None:
        return False
    if any(_granted(path, each) for path, each in site.over) and any(
        fails(path) for path, _ in site.under
    ):
        return True
    beneath = [(path, each) for path, each in site.under if not _excused(path)]
    if not site.over and beneath:  # what exceeds may have been joined with what need not ask
        return all(each.relation == "<" and fails(path) for path, each in beneath)
    below = [path for path, _ in beneath]
    above = [(path, each) for path, each in site.over if not _excused(path)]
    if not any(not fails(path) for path, _ in above):
        return False
    if not below:  # refusals that do nothing else may have been joined with other failures
        return all(each.relation == ">=" for _, each in above)
    return all(fails(path) for path in below)


def _asked_below(seen: Seen) -> bool:
    """Tell whether a capability is asked for where the limit is not exceeded, and only there: what
    it excuses is meant to be above the limit, however callers read the answer."""
    site = seen[1]
    if not whole_limit(site.check) or not site.check.counters:
        return False
    if not site.over or any(_asks(path, each) for path, each in site.over):
        return False
    return any(_asks(path, each) for path, each in site.under) and not all(
        fails(path) for path, _ in site.over
    )


def _asks(path: Path, check: Check) -> bool:
    """Tell whether a path asks for a capability after a check."""
    after = path.events[path.events.index(check) + 1 :]
    return any(isinstance(event, Capability) for event in after)


def _granted(path: Path, check: Check) -> bool:
    """Tell whether a path answers yes right after the check, and does nothing else."""
    if fails(path) or path.function.returns != "bool":
        return False
    after = path.events[path.events.index(check) + 1 :]
    return not any(isinstance(event, Assume | Capability) for event in after)


def _excused(path: Path) -> bool:
    """Tell whether a path has found that some capability is had."""
    return any(isinstance(event, Capability) and event.held for event in path.events)


def _off_by_one(seen: Seen) -> bool:
    """Tell whether a total that equals the limit is refused."""
    site = seen[1]
    if not whole_limit(site.check) or not site.check.counters:
        return False
    refused = [(path, check) for path, check in site.over if not _excused(path)]
    return bool(refused) and all(check.relation == ">=" and fails(path) for path, check in refused)


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    for place in places(analysis):
        if not pairs_of(analysis, place.check):
            continue
        resource = place.check.resource
        found = judged(place, _reversed)
        if found is None and place.own is not None and _asked_below(place.own):
            found = place.own
        if found is not None:
            yield check_finding(
                RULE,
                place,
                found,
                f"the comparison with {resource} refuses what is below the limit and lets pass"
                " what exceeds it",
                f"{found[1].check.usage.placed} reversed",
                "the path that is refused is the one below the limit",
            )
            continue
        found = judged(place, _off_by_one)
        if found is not None:
            counted = "+".join(sorted({counter for counter, _ in found[1].check.counters}))
            yield check_finding(
                RULE,
                place,
                found,
                f"a total that equals {resource} is refused: the comparison is off by one page",
                f"{counted} >= limit",
                "equal is not over the limit",
            )


RULE = Rule(
    id="limit-check-direction",
    title="Limit check whose comparison is the wrong way round",
    severity=Severity.ERROR,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

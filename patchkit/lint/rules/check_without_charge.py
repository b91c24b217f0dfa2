# SPDX-License-Identifier: GPL-2.0-only
"""A limit check is passed, memory grows, and no counter moves."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis, FunctionPaths, Path
from patchkit.lint.checks import finding
from patchkit.lint.events import Charge, Check, Outcome, Store
from patchkit.lint.examples import pair_of
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule
from patchkit.lint.vma_flags import flag_tests, flags_of

WHY = """\
A function that asks whether a mapping may grow under the limit, lets it grow, and does not charge
the pages has them uncounted: the limit is never reached however often it grows, and munmap() of the
VMA, which takes all of its pages from the counter, makes the counter negative.
"""

TEXT = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

static bool growth_allowed(struct vm_area_struct *vma, unsigned long pages)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	if (!(vma->vm_flags & VM_LOCKED) || capable(CAP_IPC_LOCK))
		return true;
	return mm->locked_vm + atomic64_read(&mm->pinned_vm) + pages <= limit;
}

int window_grow(struct vm_area_struct *vma, unsigned long pages)
{
	struct mm_struct *mm = vma->vm_mm;

	mmap_assert_write_locked(mm);
	if (!growth_allowed(vma, pages))
		return -ENOMEM;
@@@	vma->vm_end += pages << PAGE_SHIFT;
	return 0;
}

void window_shrink(struct vm_area_struct *vma, unsigned long pages)
{
	struct mm_struct *mm = vma->vm_mm;

	mmap_assert_write_locked(mm);
	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm -= pages;
	vma->vm_end -= pages << PAGE_SHIFT;
}
"""

FAILING, PASSING = pair_of(
    TEXT,
    """""",
    """	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm += pages;
""",
)


_DEPTH = 6


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    for flag, counter in flags_of(analysis).items():
        for function in analysis.functions:
            found = _uncharged(function, flag, counter)
            if found is None or _charged_above(analysis, function, flag, counter, frozenset()):
                continue
            path, limit = found
            yield finding(
                RULE,
                path,
                limit,
                f"memory grows under {limit.resource} and {counter} is not charged",
                f"{counter} by {limit.request.placed}",
                f"the limit is checked for {flag}, and {counter} does not change after it",
                here=True,
            )


def _uncharged(function: FunctionPaths, flag: str, counter: str) -> tuple[Path, Check] | None:
    """Return a path that asks a callee about the limit, changes memory, and does not charge."""
    for path in function.paths:
        if path.outcome == Outcome.FAILURE:
            continue
        limit = _asked(path, flag, counter)
        if limit is None:
            continue
        if any(isinstance(event, Charge) and event.counter == counter for event in path.events):
            continue
        if any(isinstance(event, Store) and event.member in _RANGE for event in path.events):
            return path, limit
    return None


_RANGE = frozenset({"vm_start", "vm_end"})


def _asked(path: Path, flag: str, counter: str) -> Check | None:
    """Return a limit check of the counter that the path passes, where the flag is set."""
    if not any(truth for _, truth in flag_tests(path, flag)):
        return None
    for event in path.events:
        if (
            isinstance(event, Check)
            and not event.over
            and any(each == counter for each, _ in event.counters)
        ):
            return event
    return None


def _charged_above(
    analysis: Analysis,
    function: FunctionPaths,
    flag: str,
    counter: str,
    visited: frozenset[FunctionPaths],
) -> bool:
    """Tell whether some caller charges on the path on which it makes the call."""
    if len(visited) > _DEPTH:
        return True
    for caller in {site.caller for site in analysis.callers(function)} - visited:
        if any(
            isinstance(event, Charge) and event.counter == counter
            for path in caller.paths
            for event in path.events
        ):
            return True
        if _charged_above(analysis, caller, flag, counter, visited | {function}):
            return True
    return False


RULE = Rule(
    id="check-without-charge",
    title="Limit checked, and then nothing is charged",
    severity=Severity.ERROR,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

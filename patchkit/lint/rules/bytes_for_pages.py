# SPDX-License-Identifier: GPL-2.0-only
"""A limit check or a charge mixes bytes with pages."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis, Path
from patchkit.lint.checks import (
    Key,
    Seen,
    charges,
    check_finding,
    finding,
    judged,
    key_of,
    pairs_of,
    places,
)
from patchkit.lint.events import Charge
from patchkit.lint.examples import pair_of
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule
from patchkit.lint.units import BYTES, MIXED, PAGES, unit

WHY = """\
The counters are in pages, RLIMIT_MEMLOCK is in bytes. A sum of pages compared with bytes makes the
limit 4,096 times (or 65,536 times) too large, so that it never bites; bytes compared with pages, or
charged as if they were pages, make it as much too small. Shift the limit or the request, once.
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
	unsigned long limit = @@@;
	unsigned long total = mm->locked_vm + atomic64_add_return(pages, &mm->pinned_vm);

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
    """rlimit(RLIMIT_MEMLOCK)""",
    """rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT""",
)


def _mixed(seen: Seen) -> bool:
    """Tell whether pages are compared with bytes, or bytes with pages."""
    check = seen[1].check
    usage, limit = unit(check.usage), unit(check.limit)
    if not usage.sure or not limit.sure:
        return False
    return usage.name == MIXED or {usage.name, limit.name} == {PAGES, BYTES}


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    for place in places(analysis):
        if not pairs_of(analysis, place.check):
            continue
        found = judged(place, _mixed)
        if found is not None:
            check = found[1].check
            usage, limit = unit(check.usage).name, unit(check.limit).name
            yield check_finding(
                RULE,
                place,
                found,
                f"{usage} are compared with {check.resource} in {limit}",
                f"{check.usage.placed} against {check.limit.placed}",
                f"the sum is in {usage}, the limit in {limit}",
            )
    yield from _charged(analysis)


def _charged(analysis: Analysis) -> Iterator[Finding]:
    """Yield the charges of bytes: in the function that charges, or in the caller whose argument
    is in bytes where others pass pages."""
    views: dict[Key, list[tuple[Path, Charge]]] = {}
    for _, path, charge in charges(analysis):
        views.setdefault(key_of(charge.site), []).append((path, charge))
    for seen in views.values():
        bytes_ = [each for each in seen if _in(each[1], BYTES, MIXED)]
        if not bytes_:
            continue
        own = [each for each in seen if not each[1].via]
        callers = [each for each in bytes_ if each[1].via]
        told: set[Key] = set()
        if any(each in own for each in bytes_) or not any(_in(each[1], PAGES) for each in seen):
            callers = (own or callers)[:1]
        for path, charge in sorted(callers, key=lambda each: len(each[1].via)):
            key = key_of(charge.here)
            if key in told or any(key_of(site) in told for site in charge.via):
                continue
            told.add(key)
            yield finding(
                RULE,
                path,
                charge,
                f"{charge.counter} is in pages and changes by bytes",
                f"{charge.counter} by {charge.amount.placed}",
                "the amount is in bytes",
                here=True,
            )


def _in(charge: Charge, *units: str) -> bool:
    """Tell whether an amount is in one of these units for sure."""
    found = unit(charge.amount)
    return found.sure and found.name in units


RULE = Rule(
    id="bytes-for-pages",
    title="Bytes where pages are counted",
    severity=Severity.ERROR,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

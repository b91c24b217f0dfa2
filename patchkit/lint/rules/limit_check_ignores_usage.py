# SPDX-License-Identifier: GPL-2.0-only
"""A limit check compares the request alone."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.algebra import PAGE_SIZE
from patchkit.lint.analysis import Analysis
from patchkit.lint.checks import Seen, amounts, check_finding, judged, pairs_of, places, whole_limit
from patchkit.lint.examples import pair_of
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule
from patchkit.lint.values import Atom

WHY = """\
A request that is compared with the limit on its own always passes when it is small: a thousand
requests of a thousandth of the limit each are a thousand times fine. What the owner has charged
already belongs into the sum, and has to be read after, or together with, the charge.
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

	if (@@@ > limit && !capable(CAP_IPC_LOCK))
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
    """pages""",
    """mm->locked_vm + atomic64_read(&mm->pinned_vm) + pages""",
)


def _own(atom: Atom, charged: frozenset[Atom], structs: frozenset[str]) -> bool:
    """Tell whether an atom is usage of some kind, and not the request."""
    if atom in charged or atom == PAGE_SIZE.atom:
        return False
    if atom.kind in ("call", "global", "sum"):
        return True
    if atom.kind == "field":
        return atom.tag in structs or not any(inner in charged for inner in _inside(atom))
    return False


def _inside(atom: Atom) -> Iterator[Atom]:
    for value in atom.args:
        yield from value.atoms()


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    structs = frozenset(counter.struct for counter in analysis.counters.counters)

    def alone(seen: Seen) -> bool:
        function, site = seen
        check = site.check
        if check.counters or check.charged or not whole_limit(check):
            return False
        atoms = tuple(check.usage.atoms())
        if not atoms:
            return False
        charged = frozenset(
            atom for amount in amounts(function) for atom in amount.atoms(deep=False)
        )
        return not any(_own(atom, charged, structs) for atom in atoms)

    for place in places(analysis):
        if not pairs_of(analysis, place.check):
            continue
        found = judged(place, alone)
        if found is not None:
            yield check_finding(
                RULE,
                place,
                found,
                f"{place.check.resource} is compared with the request alone, not with what is"
                " charged already",
                "request alone",
                "the sum holds no counter",
            )


RULE = Rule(
    id="limit-check-ignores-usage",
    title="Limit check that ignores what is charged already",
    severity=Severity.ERROR,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

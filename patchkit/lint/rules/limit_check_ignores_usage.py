# SPDX-License-Identifier: GPL-2.0-only
"""A limit check compares the request alone."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.algebra import PAGE_SIZE
from patchkit.lint.analysis import Analysis
from patchkit.lint.checks import (
    Place,
    Seen,
    amounts,
    check_finding,
    pairs_of,
    places,
    whole_limit,
)
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


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    structs = frozenset(counter.struct for counter in analysis.counters.counters)
    for place in places(analysis):
        if not pairs_of(analysis, place.check):
            continue
        found = _alone(place, structs)
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


def _alone(place: Place, structs: frozenset[str]) -> Seen | None:
    """Return a view in which a check compares the request alone; None if it does not."""
    direct = [seen for seen in place.uses if len(seen[1].check.via) == 1]
    own = place.own
    if own is None:
        wrong = [seen for seen in direct if _kind(seen, structs) == _REQUEST]
        return wrong[0] if wrong and len(wrong) == len(direct) else None
    kind = _kind(own, structs)
    if kind == _ARGUMENT:  # what it is, callers know
        passed = {_kind(seen, structs) for seen in direct}
        return own if not direct or passed <= {_REQUEST, _ARGUMENT} else None
    return own if kind == _REQUEST else None


_USAGE, _REQUEST, _ARGUMENT = "usage", "request", "argument"


def _kind(seen: Seen, structs: frozenset[str]) -> str:
    """Return what a check compares with the limit: usage of some kind, the request, or only what
    the function was given."""
    function, site = seen
    check = site.check
    if check.counters or check.charged or not whole_limit(check):
        return _USAGE
    if check.usage.constant is not None:
        return _USAGE
    charged = frozenset(atom for each in amounts(function) for atom in each.atoms(deep=False))
    rest = [
        atom
        for atom in check.usage.atoms(deep=False)
        if atom not in charged and atom != PAGE_SIZE.atom
    ]
    if not rest:
        return _REQUEST
    if any(_is_usage(inner, structs) for atom in rest for inner in (atom, *_inside(atom))):
        return _USAGE
    return _ARGUMENT if all(atom.kind == "param" for atom in rest) else _REQUEST


def _is_usage(atom: Atom, structs: frozenset[str]) -> bool:
    """Tell whether an atom may be what somebody uses: a member, or a result of a call."""
    if atom.kind == "field":
        return atom.tag in structs or not _of_request(atom)
    return atom.kind == "call"


def _of_request(atom: Atom) -> bool:
    """Tell whether a member tells the size of a mapping."""
    return atom.name in ("vm_start", "vm_end")


def _inside(atom: Atom) -> Iterator[Atom]:
    for value in atom.args:
        yield from value.atoms()


RULE = Rule(
    id="limit-check-ignores-usage",
    title="Limit check that ignores what is charged already",
    severity=Severity.ERROR,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

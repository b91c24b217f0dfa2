# SPDX-License-Identifier: GPL-2.0-only
"""A charge is not compared with the limit, neither before nor after."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from patchkit.lint.analysis import Analysis, FunctionPaths, Path
from patchkit.lint.callgraph import ancestors, calls_of, checking, compares, strangers
from patchkit.lint.checks import Key, finding, key_of
from patchkit.lint.directions import direction
from patchkit.lint.events import Charge, Outcome, Store
from patchkit.lint.examples import pair_of
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule
from patchkit.lint.values import Atom

WHY = """\
Pages that are charged but never compared with RLIMIT_MEMLOCK are shown in /proc/PID/status and
bound nothing: an unprivileged process can pin as much memory as it likes through this path, and
then even its small requests elsewhere fail because the counter is high.
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

@@@	pr_debug("%lu of %lu pages\n", total, limit);
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
    """	if (total > limit && !capable(CAP_IPC_LOCK)) {
		atomic64_sub(pages, &mm->pinned_vm);
		return -ENOMEM;
	}
""",
)


_UP, _DOWN = 5, 3
"""How many calls may lie between the function that asks for both, the charge and the check."""


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    pairs = {counter: pair for pair in analysis.counters.pairs for counter in pair.counters}
    seen: set[Key] = set()
    checks = checking(analysis, _DOWN)
    names = frozenset(each.name for each in checks)
    for function in analysis.functions:
        charge = _charge(function, pairs.keys())
        if charge is None or key_of(charge[1].site) in seen:
            continue
        seen.add(key_of(charge[1].site))
        above = ancestors(analysis, function, _UP)
        limit = pairs[charge[1].counter].limit
        if above & checks or any(
            compares(each.function, limit) or _asks(analysis, each, names) for each in above
        ):
            continue
        path, event = charge
        yield finding(
            RULE,
            path,
            event,
            f"{event.counter} grows and is never compared with {limit}",
            f"{event.counter} by {event.amount.placed}",
            "nothing that leads here compares with the limit, before or after",
        )


def _asks(analysis: Analysis, function: FunctionPaths, names: frozenset[str]) -> bool:
    """Tell whether a caller that is not analysed also calls something that compares."""
    return any(calls_of(each) & names for each in strangers(analysis, function))


def _charge(function: FunctionPaths, counters: Collection[str]) -> tuple[Path, Charge] | None:
    """Return a function's own charge that stays, with its path."""
    for path in function.paths:
        if path.outcome == Outcome.FAILURE:
            continue
        for event in path.events:
            if (
                isinstance(event, Charge)
                and not event.via
                and event.counter in counters
                and _grows(event)
                and not _late(function, path, event)
            ):
                return path, event
    return None


def _late(function: FunctionPaths, path: Path, charge: Charge) -> bool:
    """Tell whether something that was there before, and is looked up, takes over a charge from a
    function that cannot refuse: it was compared when it was made."""
    if function.function.returns.strip().removeprefix("static").strip() != "void":
        return False
    return any(
        isinstance(event, Store)
        and event.object.atom is not None
        and _looked_up(event.object.atom)
        and (event.value - event.before - charge.amount).zero
        for event in path.events
    )


def _looked_up(object_: Atom) -> bool:
    """Tell whether an object comes from a call, itself or by a member of what does."""
    while object_.kind == "field" and object_.args and object_.args[0].atom is not None:
        object_ = object_.args[0].atom
    return object_.kind == "call"


def _grows(charge: Charge) -> bool:
    """Tell whether the counter goes up for sure."""
    return direction(charge.amount) > 0


RULE = Rule(
    id="limit-check-missing",
    title="Charge that is never compared with the limit",
    severity=Severity.WARNING,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

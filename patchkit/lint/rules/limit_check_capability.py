# SPDX-License-Identifier: GPL-2.0-only
"""A limit check refuses who has the capability to exceed the limit."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis, FunctionPaths, Path
from patchkit.lint.callgraph import called_from_elsewhere
from patchkit.lint.capability import derived
from patchkit.lint.checks import Place, Seen, check_finding, fails, pairs_of, places, whole_limit
from patchkit.lint.events import Assume, Capability, Check, Event
from patchkit.lint.examples import pair_of
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule
from patchkit.lint.values import Value

WHY = """\
RLIMIT_MEMLOCK governs what an unprivileged process may keep in memory; no limit is placed on a
process with CAP_IPC_LOCK (getrlimit(2), since 2.6.9). A check that does not ask for the capability,
or asks for another one, refuses a privileged process, such as a daemon that is root in a container
with the default limit of 8 MiB. A check that wants the capability although the limit is not
exceeded refuses everybody else.
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

	if (total > limit@@@) {
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
    """""",
    """ && !capable(CAP_IPC_LOCK)""",
)


def _refused(seen: Seen, capability: str, analysis: Analysis) -> list[Path]:
    """Return the paths that fail over the limit whether the capability is had or not."""
    site = seen[1]
    answers = [_answer(path, capability) for path, _ in (*site.over, *site.under)]
    if any(answer is not None for answer in answers):
        had = [path for path, _ in site.over if _answer(path, capability)]
        return had if all(fails(path) for path in had) else []
    if _unknown(seen[0], capability) or not whole_limit(site.check):
        return []
    refused = tuple(each for each in site.over if fails(each[0]))
    if not site.over:  # a refusal may have been joined with other failures
        refused = site.under
    members = derived(analysis, capability)
    return [
        path
        for path, check in refused
        if not members.decide(path, check) and not any(own.zero for _, own in check.counters)
    ]


def _unknown(function: FunctionPaths, capability: str) -> bool:
    """Tell whether a function asks for the capability and no path tells any more what came of it,
    because paths were joined behind that."""
    return capability in function.asked and all(
        _answer(path, capability) is None for path in function.paths
    )


def _answer(path: Path, capability: str) -> bool | None:
    """Return whether a path has found that the capability is had; None if it has not asked."""
    answers = [
        event.held
        for event in path.events
        if isinstance(event, Capability) and event.name == capability
    ]
    return answers[-1] if answers else None


def _open(seen: Seen, paths: list[Path]) -> bool:
    """Tell whether a caller may decide whether the check is made: by an argument that is true or
    not, or by whose usage it is."""
    if any(_is_argument(owner) for _, owner in seen[1].check.counters):
        return True
    return any(
        isinstance(event, Assume)
        and event.condition.relation in ("==", "!=")
        and _is_argument(event.condition.value)
        for path in paths
        for event in path.events
    )


def _of_argument(seen: Seen) -> bool:
    """Tell whether whose usage counts is kept in an object that the function was given: callers
    may look at the object before."""
    return any(
        any(atom.kind == "param" for atom in owner.atoms()) for _, owner in seen[1].check.counters
    )


def _is_argument(value: Value) -> bool:
    return value.atom is not None and value.atom.kind == "param"


def _views(place: Place) -> dict[FunctionPaths, list[Seen]]:
    views: dict[FunctionPaths, list[Seen]] = {}
    for seen in (*((place.own,) if place.own else ()), *place.uses):
        views.setdefault(seen[0], []).append(seen)
    return views


def _guilty(
    function: FunctionPaths,
    views: dict[FunctionPaths, list[Seen]],
    analysis: Analysis,
    capability: str,
    visited: frozenset[FunctionPaths] = frozenset(),
) -> list[Seen]:
    """Return the views of the check, the function's or those of its callers, that are wrong."""
    mine = [(seen, _refused(seen, capability, analysis)) for seen in views.get(function, ())]
    wrong = [(seen, paths) for seen, paths in mine if paths]
    if not wrong:
        return []
    asked = any(_open(seen, paths) for seen, paths in wrong)
    if len(visited) > 5 or not (asked or any(_of_argument(seen) for seen, _ in wrong)):
        return [wrong[0][0]]
    known = {site.caller for site in analysis.callers(function)} - visited - {function}
    callers = {caller for caller in known if caller in views}
    if not callers:
        others = bool(known) or called_from_elsewhere(analysis, function)
        return [] if asked and others else [wrong[0][0]]
    guilty: list[Seen] = []
    bad = 0
    for caller in sorted(callers, key=lambda each: (each.file, each.name)):
        found = _guilty(caller, views, analysis, capability, visited | {function})
        bad += bool(found)
        guilty += found
    return [wrong[0][0]] if bad == len(callers) else guilty


def _demanded(seen: Seen, capability: str) -> bool:
    """Tell whether the capability decides although the limit is not exceeded, nor another one."""
    had: set[bool] = set()
    lacking: set[bool] = set()
    for path, check in seen[1].under:
        after = False
        for event in path.events:
            if event is check:
                after = True
            elif after and isinstance(event, Capability) and event.name == capability:
                (had if event.held else lacking).add(fails(path))
                break
            elif after and (isinstance(event, Check) or _exceeds(event, check)):
                break
    return lacking == {True} and had == {False}


def _exceeds(event: Event, check: Check) -> bool:
    """Tell whether a path compares amounts once more after a check, with a limit of its own."""
    return (
        isinstance(event, Assume)
        and event.here != check.here
        and event.condition.relation in ("<", ">")
    )


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    told: set[tuple[FunctionPaths, str]] = set()
    for place in places(analysis):
        for pair in pairs_of(analysis, place.check):
            if not any(counter in pair.counters for counter, _ in place.check.counters):
                continue
            views = _views(place)
            lowest = place.own[0] if place.own else place.uses[0][0]
            guilty = _guilty(lowest, views, analysis, pair.capability)
            for seen in guilty:
                if (seen[0], pair.limit) in told:
                    continue
                told.add((seen[0], pair.limit))
                yield check_finding(
                    RULE,
                    place,
                    seen,
                    f"who exceeds {pair.limit} is refused even with {pair.capability}",
                    # The same, however many counters the check adds up: it is told once a function.
                    f"{pair.limit} without {pair.capability}",
                    f"{pair.capability} is not asked for",
                    here=seen is not place.own,
                )
            if place.own is not None and not guilty and _demanded(place.own, pair.capability):
                yield check_finding(
                    RULE,
                    place,
                    place.own,
                    f"{pair.capability} is demanded below {pair.limit}, too",
                    f"{place.own[1].check.usage.placed} demands {pair.capability}",
                    f"fails without {pair.capability} although the limit is not exceeded",
                )


RULE = Rule(
    id="limit-check-capability",
    title="Capability test missing or wrong around a limit check",
    severity=Severity.NOTE,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

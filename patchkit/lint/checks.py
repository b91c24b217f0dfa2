# SPDX-License-Identifier: GPL-2.0-only
"""What the rules about single sites share: limit checks with their calls, charges, findings."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from patchkit.lint.algebra import PAGE_SIZE
from patchkit.lint.analysis import Analysis, CheckSite, FunctionPaths, Path
from patchkit.lint.counters import Pair
from patchkit.lint.events import Charge, Check, Event, Outcome, Site
from patchkit.lint.model import Finding, Step
from patchkit.lint.rule import Rule
from patchkit.lint.values import Value

_TO_PAGES = frozenset({"PFN_DOWN", "PFN_UP", "DIV_ROUND_DOWN_ULL", "DIV_ROUND_DOWN"})

Seen = tuple[FunctionPaths, CheckSite]
Key = tuple[str, str, int]


def key_of(site: Site) -> Key:
    """Return what tells a site from others."""
    return site.file, site.function, site.span.start


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """A limit check in the source. *own* is how its function sees it; None if the limit comes in
    as a parameter. *uses* is how functions that call it see it."""

    site: Site
    own: Seen | None
    uses: tuple[Seen, ...]

    @property
    def check(self) -> Check:
        """The check as its own function sees it, or else a caller."""
        return (self.own or self.uses[0])[1].check


@functools.lru_cache(maxsize=2)
def places(analysis: Analysis) -> tuple[Place, ...]:
    """Return all limit checks by file and position."""
    own: dict[Key, Seen] = {}
    uses: dict[Key, list[Seen]] = {}
    sites: dict[Key, Site] = {}
    for function in analysis.functions:
        for check_site in _checks_of(function):
            key = key_of(check_site.check.site)
            sites.setdefault(key, check_site.check.site)
            if check_site.check.via:
                uses.setdefault(key, []).append((function, check_site))
            else:
                own[key] = (function, check_site)
    return tuple(Place(sites[key], own.get(key), tuple(uses.get(key, ()))) for key in sorted(sites))


@functools.lru_cache(maxsize=2048)
def _checks_of(function: FunctionPaths) -> tuple[CheckSite, ...]:
    return function.checks()


def judged(place: Place, bad: Callable[[Seen], bool]) -> Seen | None:
    """Return a view of the check that *bad* holds for; None if the check is fine.

    A check is fine if it is in the view of its own function, or in those of all direct callers:
    what the function adds up may come in as a parameter.
    """
    if place.own is not None and not bad(place.own):
        return None
    direct = [seen for seen in place.uses if len(seen[1].check.via) == 1]
    wrong = [seen for seen in direct if bad(seen)]
    if direct and not wrong:
        return None
    if place.own is not None:
        return place.own
    return wrong[0] if wrong else None


def counted(analysis: Analysis, check: Check) -> frozenset[str]:
    """Return the ids of the counters that a check counts."""
    return frozenset(counter for counter, _ in check.counters) & accounted(analysis)


def pairs_of(analysis: Analysis, check: Check) -> tuple[Pair, ...]:
    """Return the pairs of counters whose limit a check compares with."""
    return tuple(pair for pair in analysis.counters.pairs if pair.limit == check.resource)


def whole_limit(check: Check) -> bool:
    """Tell whether the check compares with the limit, not with a part of it."""
    if len(check.limit.terms) != 1:
        return False
    product, factor = check.limit.terms[0]
    if factor != 1 or len(product) != 1:
        return False
    atom = product[0]
    if atom.name in _TO_PAGES:
        return _is_limit(atom.args[0]) and atom.args[1:] in ((), (PAGE_SIZE,))
    return bool(atom.limit)


def _is_limit(value: Value) -> bool:
    return value.atom is not None and bool(value.atom.limit)


def amounts(function: FunctionPaths) -> Iterator[Value]:
    """Yield the amounts that a function charges, its callees included."""
    for path in function.paths:
        for event in path.events:
            if isinstance(event, Charge):
                yield event.amount


def accounted(analysis: Analysis) -> frozenset[str]:
    """Return the ids of the counters; companions, which only tell when pages move, are not."""
    return frozenset(counter.id for counter in analysis.counters.counters)


@functools.lru_cache(maxsize=2)
def charges(analysis: Analysis) -> tuple[tuple[FunctionPaths, Path, Charge], ...]:
    """Return every charge of a function once for each way it looks, with a path to it."""
    known = accounted(analysis)
    return tuple(each for function in analysis.functions for each in _charges_in(function, known))


@functools.lru_cache(maxsize=2048)
def _charges_in(
    function: FunctionPaths, known: frozenset[str]
) -> tuple[tuple[FunctionPaths, Path, Charge], ...]:
    """Return every charge of a function once for each way it looks, with a path to it."""
    found: dict[tuple[Key, str], tuple[FunctionPaths, Path, Charge]] = {}
    for path in function.paths:
        for event in path.events:
            if isinstance(event, Charge) and event.counter in known:
                shown = f"{event.counter} {event.owner.text} {event.amount.text}"
                found.setdefault((key_of(event.site), shown), (function, path, event))
    return tuple(found.values())


def fails(path: Path) -> bool:
    """Tell whether a path ends in failure, or with the false of a function that asks."""
    if path.outcome == Outcome.FAILURE:
        return True
    return (
        path.function.returns == "bool"
        and path.result is not None
        and path.result.constant == 0
        and path.outcome != Outcome.SUCCESS
    )


def finding(
    rule: Rule,
    path: Path,
    event: Event,
    message: str,
    subject: str,
    last: str,
    *,
    here: bool = False,
) -> Finding:
    """Return a finding at *event* of *path*; *last* says what is wrong there. It is in the function
    whose text the event is in, or (*here*) in the path's function, at the call that leads there."""
    site = event.here if here else event.site
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        file=site.file,
        line=site.span.line,
        function=site.function,
        message=message,
        subject=subject,
        path=path.steps(Step(site.file, site.span.line, last)),
    )


def check_finding(
    rule: Rule,
    place: Place,
    seen: Seen,
    message: str,
    subject: str,
    last: str,
    *,
    here: bool = False,
) -> Finding:
    """Return a finding at a limit check, shown by a path on which the limit is exceeded."""
    path, check = (*seen[1].over, *seen[1].under)[0]
    return finding(rule, path, check, message, subject, last, here=here)

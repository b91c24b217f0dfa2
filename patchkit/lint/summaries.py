# SPDX-License-Identifier: GPL-2.0-only
"""What calls of a function do, as a few distinct cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from patchkit.lint import ir, values
from patchkit.lint.conditions import Condition
from patchkit.lint.events import (
    Assume,
    Capability,
    Charge,
    Check,
    Comparison,
    Event,
    Flag,
    Get,
    Init,
    Lock,
    Outcome,
    Put,
    Store,
)
from patchkit.lint.values import ZERO, Atom, Value
from patchkit.lint.writing import of_local

MOST_CASES = 10
"""Cases of one summary; where there are more, those with the same net effect become one."""
DEEPEST = 8
"""Calls between an event and the function on whose path it still shows."""

NEAR = 2
"""The same for what is of interest near its place only: checks, flags."""

_HIDDEN = frozenset({"call", "alloc", "local", "sum"})
_KEPT = (Charge, Init, Check, Comparison, Store, Flag, Lock, Put, Get)


@dataclass(frozen=True, eq=False, slots=True)
class Case:
    """One of the distinct things a call of a function can do.

    *conditions* are over parameters, globals and members as they are before the call, and over the
    result. *events* are the effects in order, in terms of the callee's parameters. *result* and
    *outcome* as in Path.
    """

    conditions: tuple[Condition, ...]
    events: tuple[Event, ...]
    result: Value | None
    outcome: str


@dataclass(frozen=True, eq=False, slots=True)
class Summary:
    """What calls of a function do, as distinct cases. *problem* when that is not known. *version*
    stays the same when only places have changed."""

    function: ir.Function
    cases: tuple[Case, ...]
    problem: str = ""
    version: object = None

    @property
    def silent(self) -> bool:
        """Whether no case has an event (the result may still be of use)."""
        return not any(case.events for case in self.cases)

    def same(self, other: Summary) -> bool:
        """Tell whether calls do the same by another summary."""
        if self.version is not None and self.version is other.version:
            return True
        return (
            self.problem == other.problem
            and len(self.cases) == len(other.cases)
            and all(
                mine.conditions == theirs.conditions
                and mine.events == theirs.events
                and mine.result == theirs.result
                and mine.outcome == theirs.outcome
                for mine, theirs in zip(self.cases, other.cases, strict=True)
            )
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What ``summarise`` is told of the program."""

    companions: frozenset[str]
    accounts: frozenset[str]


def summarise(
    function: ir.Function,
    ends: list[tuple[tuple[Event, ...], Value | None, str]],
    companions: frozenset[str] = frozenset(),
    accounts: frozenset[str] = frozenset(),
) -> Summary:
    """Return the summary of a function from the events, result and outcome of each path.

    Changes of *companions* show in the direct callers only. *accounts* are the tags of structs
    that keep accounts: what is charged to the owner in one of them is of interest further up."""
    known = Known(companions, accounts)
    cases = [_case(events, result, outcome, known) for events, result, outcome in ends]
    if not any(not isinstance(each, Lock) for case in cases for each in case.events):
        cases = [_unlocked(case) for case in cases]
    merged = _distinct(cases) if any(case.events for case in cases) else cases
    if len(merged) > MOST_CASES or merged is cases:
        merged = _together(merged, _exactly)
    if len(merged) > MOST_CASES:
        merged = _together(merged, _by_effect)
    if len(merged) > MOST_CASES:
        merged = _together(merged, _by_net)
    if len(merged) > MOST_CASES:
        merged = _together(merged, _by_direction)
    return Summary(function, tuple(merged), version=object())


def _case(events: tuple[Event, ...], result: Value | None, outcome: str, known: Known) -> Case:
    shown = {atom.text for atom in result.atoms()} if result is not None else set()
    conditions: list[Condition] = []
    for event in events:
        if isinstance(event, Assume):
            condition = event.condition
        elif isinstance(event, Capability):
            condition = _capability(event)
        else:
            continue
        if _visible(condition.value, shown) and condition not in conditions:
            conditions.append(condition)
    return Case(tuple(conditions), _net_events(events, shown, known), result, outcome)


def _unlocked(case: Case) -> Case:
    """Return a case that only locks without what it unlocks again."""
    depth: dict[tuple[str, str], int] = {}
    for event in case.events:
        if isinstance(event, Lock) and event.action in ("take", "release"):
            key = (event.lock, event.object.text)
            depth[key] = depth.get(key, 0) + (1 if event.action == "take" else -1)
    if any(depth.values()) or any(
        isinstance(each, Lock) and each.action == "downgrade" for each in case.events
    ):
        return case
    return replace(case, events=())


def _capability(event: Capability) -> Condition:
    text = f"capable({event.name})"
    atom = Atom("capability", "capable", (), text=text, type_="bool", tag=event.name)
    return Condition(values.single(atom), "!=" if event.held else "==")


def _visible(value: Value, shown: set[str]) -> bool:
    """Tell whether a caller knows what a value is about: no locals but those in the result."""
    return all(atom.kind not in _HIDDEN or atom.text in shown for atom in value.atoms())


def _net_events(events: tuple[Event, ...], shown: set[str], known: Known) -> tuple[Event, ...]:
    """Return the events that callers see; charges that are taken back are gone."""
    kept = [
        event
        for event in events
        if isinstance(event, _KEPT)
        and len(event.via) < DEEPEST
        and not _private(event)
        and not (len(event.via) >= _reach(event, known) and _unseen(event, shown))
        and not (
            event.via and isinstance(event, Charge | Init) and event.counter in known.companions
        )
        and not (len(event.via) >= NEAR and isinstance(event, Check | Flag | Get | Comparison))
    ]
    totals: dict[tuple[str, str], Value] = {}
    for event in kept:
        if isinstance(event, Charge):
            key = (event.counter, event.owner.text)
            totals[key] = totals.get(key, ZERO) + event.amount
    return tuple(
        event
        for event in kept
        if not isinstance(event, Charge) or not totals[event.counter, event.owner.text].zero
    )


def _reach(event: Event, known: Known) -> int:
    """Return how many calls up an event shows though a caller cannot name what it is about."""
    if not isinstance(event, Charge):
        return 1
    owner = event.owner.atom
    kept = owner is not None and owner.kind == "field" and owner.tag in known.accounts
    return DEEPEST if kept else NEAR


def _unseen(event: Event, shown: set[str]) -> bool:
    """Tell whether an event is about things of which callers know nothing."""
    match event:
        case Charge():
            return not (_visible(event.amount, shown) and _visible(event.owner, shown))
        case Flag():
            return not _visible(event.target, shown)
        case Store() | Put() | Get() | Lock():
            return not _visible(event.object, shown)
        case Check():
            return not _visible(event.usage, shown)
        case Comparison():
            return not _visible(event.condition.value, shown)
        case _:
            return False


def _private(event: Event) -> bool:
    """Tell whether an event is about one of the function's own variables."""
    if isinstance(event, Store | Put | Get | Lock):
        return of_local(event.object.atom)
    return False


Key = Callable[[Case], object]


def _exactly(case: Case) -> object:
    return (case.events, case.outcome, case.result.text if case.result is not None else "")


def _by_effect(case: Case) -> object:
    events = tuple(each for each in case.events if not isinstance(each, Check | Get))
    return (events, case.outcome)


def _by_net(case: Case) -> object:
    return (net_key(case.events), case.outcome)


def _by_direction(case: Case) -> object:
    kinds = {(each.counter, each.gives_back) for each in case.events if isinstance(each, Charge)}
    return (frozenset(kinds), case.outcome)


def net_key(events: tuple[Event, ...]) -> tuple[tuple[str, str, str], ...]:
    """Return what charges come to, by counter and owner, as text."""
    totals: dict[tuple[str, str], Value] = {}
    for event in events:
        if isinstance(event, Charge):
            key = (event.counter, event.owner.text)
            totals[key] = totals.get(key, ZERO) + event.amount
    return tuple(
        (counter, owner, amount.text)
        for (counter, owner), amount in sorted(totals.items(), key=lambda item: item[0])
        if not amount.zero
    )


def _distinct(cases: list[Case]) -> list[Case]:
    """Merge cases that say no less together: the same but for one condition that one has the other
    way round, or for conditions that one does not have."""
    kept: list[Case] = []
    for case in cases:
        for number, other in enumerate(kept):
            if _exactly(case) == _exactly(other) and _complementary(case, other):
                both = tuple(each for each in other.conditions if each in case.conditions)
                kept[number] = replace(other, conditions=both)
                break
        else:
            kept.append(case)
    return _distinct(kept) if 1 < len(kept) < len(cases) else kept


def _complementary(left: Case, right: Case) -> bool:
    first, second = set(left.conditions), set(right.conditions)
    only, other = first - second, second - first
    if not only or not other:
        return True
    return len(only) == len(other) == 1 and only.pop().negated() == other.pop()


def _together(cases: list[Case], key_of: Key) -> list[Case]:
    """Merge cases with equal keys; conditions that all have are kept."""
    table: dict[object, Case] = {}
    for case in sorted(cases, key=_exceeding):
        key = key_of(case)
        first = table.get(key)
        if first is None:
            table[key] = case
            continue
        conditions = tuple(each for each in first.conditions if each in case.conditions)
        result = first.result if first.result == case.result else _unlike(first, case)
        if result != first.result:
            conditions = tuple(each for each in conditions if _about(each, first.result) is False)
        table[key] = Case(conditions, first.events, result, first.outcome)
    return list(table.values())


def _exceeding(case: Case) -> int:
    """Return a rank: of cases that succeed those that exceed no limit stand for the others, of
    those that fail those that compare with one."""
    compares = any(isinstance(each, Comparison) for each in case.events)
    over = any(isinstance(each, Check) and each.over for each in case.events)
    if case.outcome == Outcome.FAILURE:
        return 0 if compares or over else 1
    return 2 * over + (not compares)


def _about(condition: Condition, result: Value | None) -> bool:
    """Tell whether a condition is about the result."""
    if result is None:
        return False
    hidden = {atom.text for atom in result.atoms() if atom.kind in _HIDDEN}
    return any(atom.text in hidden for atom in condition.value.atoms())


def _unlike(first: Case, second: Case) -> Value | None:
    """Return a result for two cases that return different values."""
    if first.result is None or second.result is None:
        return None
    if first.outcome == Outcome.FAILURE:
        return values.named("EANY") * values.number(-1)
    return values.result_of("result", (), "'", first.result.type)

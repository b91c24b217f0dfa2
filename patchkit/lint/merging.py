# SPDX-License-Identifier: GPL-2.0-only
"""Making one of states that differ in nothing that matters."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from patchkit.lint.conditions import Condition, compare
from patchkit.lint.events import Assume, Capability, Event, Pin, Report
from patchkit.lint.state import State, error_number
from patchkit.lint.values import ZERO, Value, named

MOST_ALIKE = 6
"""States at one place that differ in nothing but the branches that they took."""

FAILED = -named("EANY")
"""Stands for error numbers that differ where ways meet."""


def merge(
    states: Iterable[State],
    live: frozenset[str],
    status: Callable[[str], bool],
    coarse: bool = False,
) -> list[State]:
    """Return the states with equal ones merged, in the order of the first of each.

    Equal are states with the same events (branches aside) in which all *live* variables and all
    memory written are equal. Of a variable that is only tested and returned (*status*), error
    numbers are all the same. *coarse* does not compare variables.
    """
    table: dict[object, list[State]] = {}
    for state in states:
        table.setdefault(_key(state, live, status, coarse), []).append(state)
    result: list[State] = []
    for group in table.values():
        result += _reduced(group, live, 1 if coarse else MOST_ALIKE)
    return result


def _reduced(group: list[State], live: frozenset[str], most: int) -> list[State]:
    """Return a group of states that differ in branches only with as few as needed.

    Two of which one took a branch and the other did not become one, and so do those of which one
    knows nothing that the other does not; if there are still more than *most* they all do.
    """
    kept: list[State] = []
    for state in group:
        for other in kept:
            if _joinable(other.events, state.events):
                _join(other, state, live)
                break
        else:
            kept.append(state)
    if len(kept) < len(group) and len(kept) > 1:
        return _reduced(kept, live, most)
    if len(kept) > most:
        for state in kept[1:]:
            _join(kept[0], state, live)
        return kept[:1]
    return kept


def _joinable(left: tuple[Event, ...], right: tuple[Event, ...]) -> bool:
    """Tell whether two states together say no more than what they have in common."""
    if left is right:
        return True
    first, second = set(_branches(left)), set(_branches(right))
    only, other = first - second, second - first
    if not only or not other:
        return True
    if len(only) != 1 or len(other) != 1:
        return False
    (number, mine), (there, theirs) = only.pop(), other.pop()
    return number == there and _opposite(mine, theirs)


def _opposite(mine: object, theirs: object) -> bool:
    if isinstance(mine, Condition) and isinstance(theirs, Condition):
        return mine.negated() == theirs
    if isinstance(mine, tuple) and isinstance(theirs, tuple):
        return mine[0] == theirs[0] and mine[1] != theirs[1]
    return False


def _key(state: State, live: frozenset[str], status: Callable[[str], bool], coarse: bool) -> object:
    loops = tuple((head, entry.rounds) for head, entry in sorted(state.loops.items()))
    if coarse:
        return (state.effect, loops)
    variables = tuple(
        (name, _class(value, state) if status(name) else value.text)
        for name, value in sorted(state.env.items())
        if name in live
    )
    memory = tuple(sorted((place, value.text) for place, value in state.heap.items()))
    return (state.effect, loops, variables, memory)


def _class(value: Value, state: State) -> str:
    """Return a text that is the same for all values that say ``failed``."""
    if failed(value, state):
        return "failed"
    return value.text


def failed(value: Value, state: State) -> bool:
    """Tell whether a value is an error number, as far as is known."""
    if error_number(value):
        return True
    atom = value.atom
    if atom is None or atom.kind not in ("call", "op") or "*" in atom.type:
        return False
    if state.facts.holds(compare(value, "<", ZERO)):
        return True
    return atom.type in ("int", "long", "") and state.facts.holds(compare(value, "!=", ZERO))


def _join(kept: State, other: State, live: frozenset[str]) -> None:
    """Let *kept* stand for both."""
    if kept.events != other.events:
        kept.events = common_events(kept.events, other.events)
    kept.facts.common(other.facts)
    kept.exact = kept.exact and other.exact
    kept.escaped = kept.escaped | other.escaped
    for name, value in list(kept.env.items()):
        there = other.env.get(name)
        if there is None:
            del kept.env[name]
        elif there != value:
            if name in live:
                kept.env[name] = FAILED
            else:
                del kept.env[name]
    for place, value in list(kept.heap.items()):
        if other.heap.get(place) != value:
            del kept.heap[place]
    for key, count in other.serials.items():
        if kept.serials.get(key, 0) < count:
            kept.serials[key] = count


def common_events(left: tuple[Event, ...], right: tuple[Event, ...]) -> tuple[Event, ...]:
    """Return the events of two states that differ in branches only; branches that both took."""
    there = set(_branches(right))
    return tuple(
        event
        for event, (number, key) in zip(left, _numbered(left), strict=True)
        if key is None or (number, key) in there
    )


def _numbered(events: tuple[Event, ...]) -> list[tuple[int, object]]:
    """Return for each event how many others came before, and what a branch is known by."""
    result: list[tuple[int, object]] = []
    number = 0
    for event in events:
        if isinstance(event, Assume):
            result.append((number, event.condition))
        elif isinstance(event, Capability):
            result.append((number, (event.name, event.held)))
        elif isinstance(event, Pin | Report):
            result.append((number, event))
        else:
            number += 1
            result.append((number, None))
    return result


def _branches(events: tuple[Event, ...]) -> list[tuple[int, object]]:
    return [each for each in _numbered(events) if each[1] is not None]

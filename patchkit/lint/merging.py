# SPDX-License-Identifier: GPL-2.0-only
"""Making one of states that differ in nothing that matters."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from patchkit.lint.conditions import Condition, compare
from patchkit.lint.events import Assume, Capability, Check, Event, Get, Pin, Report
from patchkit.lint.state import State, error_number
from patchkit.lint.values import ZERO, Value, named

MOST_ALIKE = 6
"""States at one place that differ in nothing but the branches that they took."""

_SOFT = (Assume, Capability, Pin, Report)
_SOFT_OF_CALLEES = (Check, Get)

FAILED = -named("EANY")
"""Stands for error numbers that differ where ways meet."""


def hard(event: Event) -> bool:
    """Tell whether an event tells two states apart; branches do not, checks of callees neither."""
    return not isinstance(event, _SOFT) and not (event.via and isinstance(event, _SOFT_OF_CALLEES))


def merge(
    states: Iterable[State],
    live: frozenset[str],
    status: Callable[[str], bool],
    coarse: int = 0,
) -> list[State]:
    """Return the states with equal ones merged, in the order of the first of each.

    Equal are states with the same events (branches aside) in which all *live* variables and all
    memory written are equal. Of a variable that is only tested and returned (*status*), error
    numbers are all the same. *coarse* 1 does not compare variables, 2 only charges.
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
    if len(group) == 1:
        return group
    kept: list[tuple[State, frozenset[object]]] = []
    for state in group:
        mine = frozenset(_branches(state.events))
        for number, (other, theirs) in enumerate(kept):
            if other.events is state.events or _joinable(theirs, mine):
                _join(other, state, live)
                kept[number] = (other, theirs & mine)
                break
        else:
            kept.append((state, mine))
        if len(kept) > 4 * most:
            break
    states = [state for state, _ in kept]
    if len(kept) > most:
        for state in (*states[1:], *group):
            if state is not states[0]:
                _join(states[0], state, live)
        return states[:1]
    return states if len(states) in (1, len(group)) else _reduced(states, live, most)


def _joinable(first: frozenset[object], second: frozenset[object]) -> bool:
    """Tell whether two states together say no more than what they have in common."""
    only, other = first - second, second - first
    if not only or not other:
        return True
    if len(only) != 1 or len(other) != 1:
        return False
    (mine,), (theirs,) = only, other
    assert isinstance(mine, tuple) and isinstance(theirs, tuple)
    return mine[0] == theirs[0] and _opposite(mine[1], theirs[1])


def _opposite(mine: object, theirs: object) -> bool:
    if isinstance(mine, Condition) and isinstance(theirs, Condition):
        return mine.negated() == theirs
    if isinstance(mine, tuple) and isinstance(theirs, tuple):
        return mine[0] == theirs[0] and mine[1] != theirs[1]
    return False


def _key(state: State, live: frozenset[str], status: Callable[[str], bool], coarse: bool) -> object:
    loops = tuple((head, entry.rounds) for head, entry in sorted(state.loops.items()))
    if coarse:
        return (state.effect if coarse == 1 else state.charges, loops)
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
        if kept.effect == other.effect:
            kept.events = common_events(kept.events, other.events)
        else:
            there = set(other.events)
            kept.events = tuple(event for event in kept.events if event in there)
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
        elif not hard(event):
            result.append((number, event))
        else:
            number += 1
            result.append((number, None))
    return result


def _branches(events: tuple[Event, ...]) -> list[tuple[int, object]]:
    return [each for each in _numbered(events) if each[1] is not None]

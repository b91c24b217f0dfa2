# SPDX-License-Identifier: GPL-2.0-only
"""Making one of states that differ in nothing that matters."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from patchkit.lint.conditions import Condition, compare
from patchkit.lint.events import (
    Assume,
    Capability,
    Charge,
    Check,
    Comparison,
    Event,
    Get,
    Init,
    Put,
)
from patchkit.lint.state import State, error_number
from patchkit.lint.values import ZERO, Value, named

MOST_ALIKE = 4
"""States at one place that differ in nothing but the branches that they took."""

FAILED = -named("EANY")
"""Stands for error numbers that differ where ways meet."""


def hard(event: Event) -> bool:
    """Tell whether an event as such tells two states apart.

    Branches do not. What others have done can be told from memory and from what is locked.
    """
    return isinstance(event, Charge | Init | Put) or (isinstance(event, Get) and not event.via)


def merge(
    states: Iterable[State],
    live: frozenset[str],
    status: Callable[[str], bool],
    coarse: int = 0,
    most: int = MOST_ALIKE,
) -> list[State]:
    """Return the states with equal ones merged, in the order of the first of each.

    Equal are states with the same events (branches aside) in which all *live* variables and all
    memory written are equal. Of a variable that is only tested and returned (*status*), error
    numbers are all the same. *coarse* 1 does not compare variables, 2 compares
    charges only, 3 only their direction.
    """
    table: dict[object, list[State]] = {}
    for state in states:
        table.setdefault(_key(state, live, status, coarse), []).append(state)
    result: list[State] = []
    for group in table.values():
        result += _reduced(group, live, 1 if coarse else most)
    return result


def _reduced(group: list[State], live: frozenset[str], most: int) -> list[State]:
    """Return a group of states that differ in branches only with as few as needed.

    Two of which one took a branch and the other did not become one, and so do those of which one
    knows nothing that the other does not; if there are still more than *most* they all do.
    """
    if len(group) == 1:
        return group
    clusters = [(frozenset(state.marks), [state]) for state in group]
    while True:
        before = len(clusters)
        clusters = _clustered(clusters, most)
        if len(clusters) in (1, before):
            break
    return [_joined(states, live, marks) for marks, states in clusters]


_Marks = frozenset[int]


def _clustered(
    clusters: list[tuple[_Marks, list[State]]], most: int
) -> list[tuple[_Marks, list[State]]]:
    """Put those together that say no more apart; all if there are more than *most* else."""
    kept: list[tuple[_Marks, list[State]]] = []
    for mine, states in clusters:
        for number, (theirs, others) in enumerate(kept):
            if _joinable(theirs, mine):
                kept[number] = (theirs & mine, others + states)
                break
        else:
            kept.append((mine, states))
        if len(kept) > 4 * most:
            break
    if len(kept) > most:
        common = frozenset.intersection(*(marks for marks, _ in clusters))
        return [(common, [state for _, states in clusters for state in states])]
    return kept


def _joinable(first: _Marks, second: _Marks) -> bool:
    """Tell whether two states together say no more than what they have in common."""
    if len(second) - len(first) not in (-1, 0, 1) and not (first < second or second < first):
        return False
    only, other = first - second, second - first
    if not only or not other:
        return True
    if len(only) != 1 or len(other) != 1:
        return False
    (mine,), (theirs,) = only, other
    return _opposite(_KEYS[mine], _KEYS[theirs])


def _opposite(mine: object, theirs: object) -> bool:
    if isinstance(mine, Condition) and isinstance(theirs, Condition):
        return mine.negated() == theirs
    if isinstance(mine, tuple) and isinstance(theirs, tuple) and len(mine) == len(theirs) == 2:
        return bool(mine[0] == theirs[0] and mine[1] != theirs[1])
    return False


def _key(state: State, live: frozenset[str], status: Callable[[str], bool], coarse: int) -> object:
    loops = tuple((head, entry.rounds) for head, entry in sorted(state.loops.items()))
    if coarse:
        if coarse == 1:
            return (state.effect, state.held, loops)
        return (state.charges if coarse == 2 else _direction(state), loops)
    variables = tuple(
        (name, _class(value, state) if status(name) else value.text)
        for name, value in sorted(state.env.items())
        if name in live
    )
    memory = tuple(sorted((place, value.text) for place, value in state.heap.items()))
    return (state.effect, state.checks, state.held, loops, variables, memory)


def _direction(state: State) -> object:
    """Return which counters of whom were charged and given back."""
    return frozenset(
        (event.counter, event.owner.text, event.gives_back)
        for event in state.events
        if isinstance(event, Charge)
    )


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


def _joined(states: list[State], live: frozenset[str], marks: _Marks) -> State:
    """Return one state that stands for all; *marks* are those that all have."""
    kept = states[0]
    if len(states) == 1:
        return kept
    if all(state.effect == kept.effect for state in states):
        _keep_common(kept, marks)
        kept.checks = frozenset.intersection(*(state.checks for state in states))
    else:
        there = set(kept.events).intersection(*(state.events for state in states[1:]))
        kept.events = tuple(event for event in kept.events if event in there)
        kept.effect = hash(tuple(event for event in kept.events if hard(event)))
        kept.marks = marks_of(kept.events)
    for other in states[1:]:
        _join(kept, other, live)
    return kept


def _join(kept: State, other: State, live: frozenset[str]) -> None:
    """Let what *kept* knows be what the other knows too."""
    kept.facts.common(other.facts)
    kept.exact = kept.exact and other.exact
    kept.escaped = kept.escaped | other.escaped
    for name, value in list(kept.env.items()):
        there = other.env.get(name)
        if there is None:
            del kept.env[name]
        elif there is not value and there != value:
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


def _keep_common(state: State, marks: _Marks) -> None:
    """Drop the events of a state that tell no states apart and are not marked."""
    kept = [
        (event, mark)
        for event, mark in zip(state.events, state.marks, strict=True)
        if mark < 0 or mark in marks
    ]
    state.events = tuple(event for event, _ in kept)
    state.marks = tuple(mark for _, mark in kept)


_IDS: dict[object, int] = {}
_KEYS: list[object] = []


def forget_marks() -> None:
    """Begin anew to number marks: for the next function."""
    _IDS.clear()
    _KEYS.clear()


def mark_of(event: Event) -> int:
    """Return the number by which an event is found in another state, -1 if it tells states
    apart."""
    if hard(event):
        return -1
    key = known_by(event)
    number = _IDS.get(key)
    if number is None:
        number = len(_KEYS)
        _IDS[key] = number
        _KEYS.append(key)
    return number


def known_by(event: Event) -> object:
    """Return by what an event is found in another state."""
    match event:
        case Assume():
            return event.condition
        case Capability():
            return (event.name, event.held)
        case Check():
            return (event.site, event.via, event.relation)
        case Comparison():
            return (event.site, event.via, event.condition.relation)
        case _:
            return event


def marks_of(events: tuple[Event, ...]) -> tuple[int, ...]:
    """Return the marks of events."""
    return tuple(mark_of(event) for event in events)

# SPDX-License-Identifier: GPL-2.0-only
"""Whether plain counters change under their lock, by the paths of all callers.

A *need* is a place where the lock has to be held for write: a change of a plain counter, or an
assertion that the lock is held (what asserts leaves it to the callers). A function that neither
takes nor releases the lock before a need leaves it to its callers as well; one that nobody calls,
and one that has released the lock or holds it for read only, is wrong.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from patchkit.lint.analysis import Analysis, FunctionPaths, Path
from patchkit.lint.callgraph import callers_of, calls_of, strangers, tables_of
from patchkit.lint.checks import Key, key_of
from patchkit.lint.counters import Counter
from patchkit.lint.effects import load_effects
from patchkit.lint.events import Charge, Event, Lock, Site
from patchkit.lint.values import ZERO

_DEPTH = 12
"""How many calls are followed upwards."""

HELD, OPEN, NOT_TAKEN = "held", "", "not taken by any caller"


@dataclass(frozen=True, eq=False, slots=True)
class Need:
    """A place where *lock* is needed for write: a change of *counter*, or an assertion."""

    counter: str
    lock: str
    site: Site
    function: FunctionPaths


@dataclass(frozen=True, eq=False, slots=True)
class Unprotected:
    """A path on which a need is not met. *state* says in which state the lock is."""

    function: FunctionPaths
    path: Path
    event: Event
    state: str


def _locks(counter: Counter) -> frozenset[str]:
    return frozenset((counter.lock, *counter.lock_alternatives))


def _needs_lock(event: Event, plain: dict[str, Counter]) -> Counter | None:
    """Return the counter for whose sake an event needs a lock; None if it needs none."""
    if isinstance(event, Charge):
        return plain.get(event.counter) if event.how == "plain" else None
    if isinstance(event, Lock) and event.action == "assert" and event.mode == "write":
        for counter in plain.values():
            if event.lock == counter.lock:
                return counter
    return None


def _plain(analysis: Analysis) -> dict[str, Counter]:
    return {each.id: each for each in analysis.counters.counters if each.kind == "plain"}


@functools.lru_cache(maxsize=2)
def needs(analysis: Analysis) -> tuple[Need, ...]:
    """Return all needs, each once, in the order of the functions."""
    plain = _plain(analysis)
    found: dict[Key, Need] = {}
    for function in analysis.functions:
        for event in _own(function):
            counter = _needs_lock(event, plain)
            if counter is not None and key_of(event.site) not in found:
                found[key_of(event.site)] = Need(counter.id, counter.lock, event.site, function)
    return tuple(found.values())


@functools.lru_cache(maxsize=2048)
def _own(function: FunctionPaths) -> tuple[Event, ...]:
    """Return a function's own charges and assertions."""
    return tuple(
        event
        for path in function.paths
        for event in path.events
        if not event.via and isinstance(event, Charge | Lock)
    )


def _state(events: tuple[Event, ...], until: Event, locks: frozenset[str]) -> str:
    """Return in which state the lock is at an event: ``held``, open, or what is wrong."""
    states: dict[str, str] = {}
    for event in events:
        if event is until:
            break
        if not isinstance(event, Lock) or event.lock not in locks:
            continue
        if event.action == "take":
            states[event.lock] = HELD if event.mode == "write" else "held for read only"
        elif event.action == "release":
            states[event.lock] = "released"
        elif event.action == "downgrade":
            states[event.lock] = "downgraded to read"
        elif event.mode == "write" and not event.via:
            states[event.lock] = HELD
    if HELD in states.values():
        return HELD
    return next((state for state in states.values() if state), OPEN)


@functools.lru_cache(maxsize=2048)
def _states(
    function: FunctionPaths, locks: frozenset[str]
) -> dict[Key, dict[str, tuple[Path, Event]]]:
    """Return for every event that may need a lock the states in which paths reach it."""
    found: dict[Key, dict[str, tuple[Path, Event]]] = {}
    for path in function.paths:
        for event in path.events:
            if isinstance(event, Charge) or (isinstance(event, Lock) and event.action == "assert"):
                states = found.setdefault(key_of(event.site), {})
                states.setdefault(_state(path.events, event, locks), (path, event))
    return found


def unprotected(analysis: Analysis, need: Need) -> Iterator[Unprotected]:
    """Yield the paths on which a need is not met."""
    locks = _locks(_plain(analysis)[need.counter])
    yield from _walk(analysis, need, need.function, locks, frozenset())


def _walk(
    analysis: Analysis,
    need: Need,
    function: FunctionPaths,
    locks: frozenset[str],
    visited: frozenset[FunctionPaths],
    calls: tuple[Site, ...] = (),
) -> list[Unprotected]:
    """Return what is wrong about a need in a function, or else in its callers.

    *calls* is where the function makes the call that leads to the need, if it is a caller.
    """
    states = _states(function, locks).get(key_of(need.site), {})
    if not states:
        states = _at_calls(function, calls, locks)
    wrong = [
        Unprotected(function, path, event, state)
        for state, (path, event) in states.items()
        if state not in (HELD, OPEN)
    ]
    callers = [each for each in callers_of(analysis, function) if each not in visited]
    if wrong and (not callers or not states.keys() & {HELD, OPEN}):
        return wrong[:1]
    if (OPEN not in states and not wrong) or len(visited) > _DEPTH:
        return []
    path, event = states[OPEN] if OPEN in states else (wrong[0].path, wrong[0].event)
    if _under_lock(analysis, function, locks):
        return []
    if not callers:
        if not visited and isinstance(event, Lock):
            return []
        return [Unprotected(function, path, event, NOT_TAKEN)]
    results = []
    nowhere = True
    for caller in callers:
        sites = tuple(each.site for each in analysis.callers(function) if each.caller is caller)
        found = _walk(analysis, need, caller, locks, visited | {function}, sites)
        # What is wrong further up is wrong for some of the caller's callers only.
        nowhere &= any(each.function is caller and each.state == NOT_TAKEN for each in found)
        results += found
    return [Unprotected(function, path, event, NOT_TAKEN)] if nowhere else results


_UNDER_LOCK = frozenset({"mmap", "mmap_prepare"})
_TABLE_UNDER_LOCK = "vm_operations_struct"


def _under_lock(analysis: Analysis, function: FunctionPaths, locks: frozenset[str]) -> bool:
    """Tell whether a function may be called under the lock by what is not analysed: by the core of
    memory management through a table, or by a function that takes the lock itself."""
    for tag, member in tables_of(analysis, function):
        if tag == _TABLE_UNDER_LOCK or member in _UNDER_LOCK:
            return True
    takes = {
        name
        for name, rule in load_effects().locks.items()
        if rule.lock in locks and rule.mode == "write"
    }
    return any(calls_of(each) & takes for each in strangers(analysis, function))


def _at_calls(
    function: FunctionPaths, calls: tuple[Site, ...], locks: frozenset[str]
) -> dict[str, tuple[Path, Event]]:
    """Return the states in which a function makes a call, from where it stands in the text.

    Which paths come to the call is not known; it is taken to be made under the lock if one does.
    """
    found: dict[str, tuple[Path, Event]] = {}
    for path in function.paths:
        for site in calls:
            before = tuple(
                event for event in path.events if event.here.span.start < site.span.start
            )
            mark = Lock(site, (), "", ZERO, "assert", "write")
            found.setdefault(_state((*before, mark), mark, locks), (path, mark))
    if HELD in found:
        return {HELD: found[HELD]}
    return found

# SPDX-License-Identifier: GPL-2.0-only
"""What a path that takes a branch knows and does: conditions, limit checks, capability tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from patchkit.lint.conditions import Condition, compare
from patchkit.lint.events import Assume, Capability, Check, Comparison, Event, Site
from patchkit.lint.state import State
from patchkit.lint.values import ZERO, Value
from patchkit.lint.writing import emit

_MIRRORED: dict[str, Literal[">", ">=", "<", "<="]] = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}

CounterOf = Callable[[str, str], str]
"""From a struct's tag and a member to the counter's id, or empty."""

SumOf = Callable[[str], tuple[str, ...]]
"""From a function's name to the counters that it adds up."""


def limited(value: Value, resources: frozenset[str]) -> bool:
    """Tell whether a value is computed from one of the limits."""
    return any(atom.kind == "limit" and atom.tag in resources for atom in value.atoms())


def counted(value: Value, counter_of: CounterOf, sum_of: SumOf) -> Iterator[tuple[str, Value]]:
    """Yield the counters that a value is computed from, with their owners."""
    seen: set[tuple[str, str]] = set()
    for atom in value.atoms():
        found: tuple[str, ...] = ()
        if atom.kind == "field":
            counter = counter_of(atom.tag, atom.name)
            found = (counter,) if counter else ()
        elif atom.kind == "call" and atom.args:
            found = sum_of(atom.name)
        for counter in found:
            if (counter, atom.args[0].text) not in seen:
                seen.add((counter, atom.args[0].text))
                yield counter, atom.args[0]


class Branching:
    """Makes the events of branches. *resources* are the limits that matter."""

    def __init__(self, resources: frozenset[str], counter_of: CounterOf, sum_of: SumOf) -> None:
        self._resources = resources
        self._counter_of = counter_of
        self._sum_of = sum_of

    def checks(self, condition: Condition) -> bool:
        """Tell whether a condition would be a limit check."""
        return condition.relation in _MIRRORED and limited(condition.value, self._resources)

    def assume(
        self,
        condition: Condition,
        state: State,
        site: Site,
        via: tuple[Site, ...] = (),
        narrow: Callable[[Value], tuple[str, ...]] = lambda value: (),
        plain: bool = False,
    ) -> None:
        """Let a path take the branch on which a condition holds; a *plain* one is no check."""
        state.facts.add(condition)
        atom = condition.value.atom
        event: Event
        if atom is not None and atom.kind == "capability":
            event = Capability(site, via, atom.tag, condition.relation in ("!=", ">"))
        elif plain:
            event = Assume(site, via, condition)
        else:
            event = self.check(condition, state, site, via, narrow) or self._other(
                condition, site, via
            )
        if isinstance(event, Check | Comparison):
            emit(state, Assume(site, via, condition))
        emit(state, event)

    def _other(self, condition: Condition, site: Site, via: tuple[Site, ...]) -> Event:
        """Return a comparison of a counter with something unknown, or else just the branch."""
        compares = condition.relation not in ("==", "!=") and len(condition.value.terms) > 1
        if compares and any(counted(condition.value, self._counter_of, self._sum_of)):
            return Comparison(site, via, condition)
        return Assume(site, via, condition)

    def check(
        self,
        condition: Condition,
        state: State,
        site: Site,
        via: tuple[Site, ...],
        narrow: Callable[[Value], tuple[str, ...]],
    ) -> Check | None:
        """Return the limit check that a condition is, if it is one."""
        if condition.relation not in _MIRRORED:
            return None
        limits = [each for each in condition.value.summands() if limited(each, self._resources)]
        if not limits:
            return None
        limit = ZERO
        for each in limits:
            limit += each
        usage = condition.value - limit
        relation = condition.relation
        if limits[0].negative:
            limit = -limit
        else:
            usage, relation = -usage, _MIRRORED[relation]
        if all(atom.kind == "global" for atom in usage.atoms()):
            return None
        resource = next(atom.tag for atom in limit.atoms() if atom.kind == "limit")
        counters = tuple(counted(usage, self._counter_of, self._sum_of))
        request, charged = self._request(usage, counters, state)
        lacking = tuple(
            dict.fromkeys(
                event.name
                for event in state.events
                if isinstance(event, Capability) and not event.held
            )
        )
        assert relation in ("<", "<=", ">", ">=")
        return Check(
            site,
            via,
            resource,
            usage,
            limit,
            relation,  # type: ignore[arg-type]
            counters,
            request,
            charged,
            lacking,
            narrow(usage),
        )

    def _request(
        self, usage: Value, counters: tuple[tuple[str, Value], ...], state: State
    ) -> tuple[Value, tuple[tuple[str, Value, Value], ...]]:
        """Return the usage without the counters, and what was charged before it was read."""
        request = usage
        charged: list[tuple[str, Value, Value]] = []
        for term in usage.summands():
            atom = (term if not term.negative else -term).atom
            if atom is None:
                continue
            if atom.kind == "field" and self._counter_of(atom.tag, atom.name):
                request -= term
                added = state.heap.get(atom.text, ZERO) - term
                if atom.text in state.heap and not added.zero and _within(added, usage):
                    counter = self._counter_of(atom.tag, atom.name)
                    charged.append((counter, atom.args[0], added))
            elif atom.kind == "call" and self._sum_of(atom.name):
                request -= term
        return request, tuple(charged)


def _within(part: Value, whole: Value) -> bool:
    """Tell whether all terms of a sum are among those of another."""
    terms = set(whole.terms)
    return all(term in terms for term in part.terms)


def decided(condition: Condition, state: State) -> tuple[Condition, bool | None]:
    """Return a condition as simple as the path allows, and whether it holds if that is known."""
    value = state.facts.simplify(condition.value)
    if value is not condition.value:
        condition = compare(value, condition.relation, ZERO)
    return condition, state.facts.decide(condition)

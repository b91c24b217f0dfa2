# SPDX-License-Identifier: GPL-2.0-only
"""What a path leaves on the books: net charges, what objects remember of them, what objects end."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from patchkit.lint.analysis import FunctionPaths, Path
from patchkit.lint.conditions import Condition
from patchkit.lint.events import Assume, Charge, Event, Outcome, Pin, Put, Store
from patchkit.lint.ledger_algebra import Equalities, members
from patchkit.lint.values import ZERO, Value

Key = tuple[str, Value]
"""A counter's id and its owner."""


@dataclass(frozen=True, eq=False, slots=True)
class Balance:
    """One path's books.

    *net* is what is left of the charges by counter and owner, reduced by what the path knows to
    be equal; what is zero is left out. *state* is what members (``tag.member``) hold at the end,
    for all objects that the path wrote. *ended* are the objects whose memory was given back, by
    text, with their tags; *dropped* those that lost a reference, or their memory; *unpinned* the
    pages whose pins were dropped.
    """

    function: FunctionPaths
    path: Path
    charges: tuple[Charge, ...]
    net: dict[Key, Value]
    equal: Equalities
    state: dict[str, Value]
    stores: tuple[Store, ...]
    ended: dict[str, str]
    dropped: dict[str, str]
    unpinned: frozenset[str]
    conditions: tuple[Condition, ...]
    warned: bool

    @property
    def failed(self) -> bool:
        """Whether the function says that it failed."""
        return self.path.outcome == Outcome.FAILURE

    def owned(self, key: Key) -> tuple[Charge, ...]:
        """Return the changes of a counter of an owner, in order."""
        return tuple(
            each
            for each in self.charges
            if each.counter == key[0] and self.equal.same(each.owner, key[1])
        )


@functools.lru_cache(maxsize=8192)
def balances(function: FunctionPaths) -> tuple[Balance, ...]:
    """Return the books of all paths of a function; paths that cannot be are left out."""
    return tuple(_balance(function, path) for path in function.paths)


def _balance(function: FunctionPaths, path: Path) -> Balance:
    """Return the books of one path."""
    charges: list[Charge] = []
    stores: list[Store] = []
    ended: dict[str, str] = {}
    dropped: dict[str, str] = {}
    unpinned: set[str] = set()
    conditions: list[Condition] = []
    warned = False
    for event in path.events:
        match event:
            case Charge():
                charges.append(event)
            case Store():
                stores.append(event)
            case Put():
                dropped[event.object.text] = event.tag
                if event.free:
                    ended[event.object.text] = event.tag
            case Assume():
                conditions.append(event.condition)
                warned = warned or event.warned
            case Pin(pinned=False, arguments=(first, *_)):
                unpinned.add(first.text)
            case _:
                pass
    equal = Equalities(conditions)
    return Balance(
        function,
        path,
        tuple(charges),
        _net(charges, equal),
        equal,
        {each.name: each.value for each in stores},
        tuple(stores),
        ended,
        dropped,
        frozenset(unpinned),
        tuple(conditions),
        warned,
    )


def _net(charges: list[Charge], equal: Equalities) -> dict[Key, Value]:
    """Sum charges up by counter and owner, as far as owners are known to be the same."""
    sums: dict[Key, Value] = {}
    for charge in charges:
        owner = equal.reduce(charge.owner)
        key = (charge.counter, owner)
        sums[key] = sums.get(key, ZERO) + charge.amount
    reduced = {key: equal.reduce(value) for key, value in sums.items()}
    return {key: value for key, value in reduced.items() if not value.zero}


def positive(value: Value) -> bool:
    """Tell whether a net amount is a charge: nothing in it is taken off."""
    return bool(value.terms) and all(factor > 0 for _, factor in value.terms)


def line_of(event: Event, function: FunctionPaths) -> int:
    """Return the line of an event in the function whose path it is on."""
    return event.here.span.line


def anchored(value: Value) -> bool:
    """Tell whether a value is taken from an object or the task, not handed in as a parameter."""
    found = False
    for atom in value.atoms():
        if atom.kind == "param" and not atom.type.rstrip().endswith("*"):
            return False
        found = found or atom.kind == "field"
    return found


def tags(value: Value) -> set[str]:
    """Return the tags of the structs whose members occur in a value."""
    return {name.partition(".")[0] for name in members(value)}


def signature(balance: Balance, counter: str, below: Event | None = None) -> tuple[str, ...]:
    """Return where a counter was changed on a path, as texts that the caller's path has, too.

    With *below* only what happened in that event's outermost call, as seen from inside.
    """
    skip = 0 if below is None else 1
    found: list[str] = []
    for charge in balance.charges:
        if charge.counter != counter:
            continue
        if below is not None and (not charge.via or charge.via[0] != below.here):
            continue
        sites = (*charge.via[skip:], charge.site)
        found.append(" ".join(f"{site.function}:{site.span.start}" for site in sites))
    return tuple(found)

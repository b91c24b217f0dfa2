# SPDX-License-Identifier: GPL-2.0-only
"""What a path leaves on the books: net charges, what objects remember of them, what objects end."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

from patchkit.lint.algebra import PAGE_SIZE
from patchkit.lint.analysis import FunctionPaths, Path
from patchkit.lint.conditions import Condition, compare
from patchkit.lint.counters import load_counters
from patchkit.lint.events import Assume, Charge, Event, Outcome, Pin, Put, Store
from patchkit.lint.ledger_algebra import Equalities, members, unrounded
from patchkit.lint.state import Facts
from patchkit.lint.values import ZERO, Atom, Value

Key = tuple[str, Value]
"""A counter's id and its owner."""


@dataclass(frozen=True, eq=False, slots=True)
class Balance:
    """One path's books.

    *net* is what is left of the charges by counter and owner, reduced by what the path knows to
    be equal; what is zero is left out. *moved* are the changes of companion counters. *state* is
    what members (``tag.member``) hold at the end, for all objects that the path wrote. *ended* are
    the objects whose memory was given back, by text, with their tags; *dropped* those that lost a
    reference, or their memory; *unpinned* the pages whose pins were dropped. *relations* has the
    conditions by the text of their values.
    """

    function: FunctionPaths
    path: Path
    charges: tuple[Charge, ...]
    moved: tuple[Charge, ...]
    owners: tuple[Value, ...]
    net: dict[Key, Value]
    equal: Equalities
    state: dict[str, Value]
    stores: tuple[Store, ...]
    ended: dict[str, str]
    dropped: dict[str, str]
    unpinned: frozenset[str]
    conditions: tuple[Condition, ...]
    relations: dict[str, tuple[Condition, ...]]
    warned: bool
    signs: dict[Key, int] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether the function says that it failed."""
        return self.path.outcome == Outcome.FAILURE

    def sign(self, key: Key) -> int:
        """Return 1 if the path leaves a charge, -1 if it gives back, 0 if that is open."""
        if key not in self.signs:
            self.signs[key] = self._sign(key)
        return self.signs[key]

    def _sign(self, key: Key) -> int:
        signs = {direction(each) for each in self.owned(key)}
        if len(signs) == 1 and 0 not in signs:
            return signs.pop()
        return sign_of(self.net[key]) or self._assumed(self.net[key])

    def _assumed(self, value: Value) -> int:
        """Return the sign that the path's conditions give a value."""
        for relation, sign in ((">", 1), ("<", -1)):
            wanted = compare(value, relation, ZERO)
            known = self.relations.get(wanted.value.text, ())
            if any(each.implies(wanted) for each in known):
                return sign
        return 0

    def moves(self, event: Charge) -> int:
        """Return 1 if an event adds pages, -1 if it takes them away, 0 if that is open.

        What the path knows of the addresses counts, too: pages between two of them are more than
        none if one address is above the other.
        """
        return direction(event) or self._ordered(event.amount * PAGE_SIZE)

    def _ordered(self, value: Value) -> int:
        """Return the sign that conditions on addresses give an amount in bytes."""
        wanted = unrounded(value)
        for each in self.conditions:
            if each.relation not in ("<", ">") or len(each.value.terms) < 2:
                continue
            sign = 1 if each.relation == ">" else -1
            bound = unrounded(each.value)
            if bound == wanted:
                return sign
            if bound == -wanted:
                return -sign
        return 0

    def owned(self, key: Key) -> tuple[Charge, ...]:
        """Return the changes of a counter of an owner, in order."""
        return tuple(
            each
            for each, owner in zip(self.charges, self.owners, strict=True)
            if each.counter == key[0] and owner == key[1]
        )


@functools.cache
def companions() -> frozenset[str]:
    """Return the ids of the counters that only go along with others."""
    return frozenset(each.id for each in load_counters().companions)


@functools.lru_cache(maxsize=2048)
def balances(function: FunctionPaths) -> tuple[Balance, ...]:
    """Return the books of all paths of a function; paths that cannot be are left out."""
    return tuple(_balance(function, path) for path in function.paths)


def _balance(function: FunctionPaths, path: Path) -> Balance:
    """Return the books of one path."""
    charges: list[Charge] = []
    moved: list[Charge] = []
    stores: list[Store] = []
    ended: dict[str, str] = {}
    dropped: dict[str, str] = {}
    unpinned: set[str] = set()
    conditions: list[Condition] = []
    warned = False
    for event in path.events:
        match event:
            case Charge():
                (moved if event.counter in companions() else charges).append(event)
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
    relations: dict[str, tuple[Condition, ...]] = {}
    for condition in conditions:
        text = condition.value.text
        relations[text] = (*relations.get(text, ()), condition)
    equal = Equalities(conditions)
    owners = tuple(equal.reduce(each.owner) for each in charges)
    return Balance(
        function,
        path,
        tuple(charges),
        tuple(moved),
        owners,
        _net(charges, owners, equal, conditions),
        equal,
        {each.name: each.value for each in stores},
        tuple(stores),
        ended,
        dropped,
        frozenset(unpinned),
        tuple(conditions),
        relations,
        warned,
    )


def _net(
    charges: list[Charge],
    owners: tuple[Value, ...],
    equal: Equalities,
    conditions: list[Condition],
) -> dict[Key, Value]:
    """Sum charges up by counter and owner, as far as owners are known to be the same."""
    sums: dict[Key, Value] = {}
    for charge, owner in zip(charges, owners, strict=True):
        key = (charge.counter, owner)
        sums[key] = sums.get(key, ZERO) + charge.amount
    reduced = {key: equal.reduce(_resolved(value, conditions)) for key, value in sums.items()}
    return {key: value for key, value in reduced.items() if not value.zero}


def _resolved(value: Value, conditions: list[Condition]) -> Value:
    """Return a sum with ``max(n, 0)`` and the like as what the path finds out later."""
    if not any(atom.name in ("min", "max", "abs", "?") for atom in value.atoms(deep=False)):
        return value
    facts = Facts()
    for each in conditions:
        facts.add(each)
    return facts.simplify(value)


def sign_of(value: Value) -> int:
    """Return 1 if nothing in a sum is taken off, -1 if all of it is, else 0."""
    signs = {factor > 0 for _, factor in value.terms}
    return 0 if len(signs) != 1 else 1 if signs == {True} else -1


def _extent(value: Value) -> int:
    """Return the sign of the distance between an object's start and its end, 0 for other sums."""
    signs: dict[str, set[bool]] = {}
    for product, factor in value.terms:
        for name in {each.name for atom in product for each in _inside(atom)}:
            if name in ("vm_start", "vm_end"):
                signs.setdefault(name, set()).add(factor > 0)
    if len(value.terms) != 2 or signs.get("vm_start") == signs.get("vm_end"):
        return 0
    if len(signs) != 2:
        return 0
    return 1 if signs["vm_end"] == {True} else -1


def _inside(atom: Atom) -> list[Atom]:
    """Return an atom and all that it is made of."""
    return [atom, *(each for arg in atom.args for each in arg.atoms())]


def direction(charge: Charge) -> int:
    """Return 1 for a charge, -1 for what is given back, 0 if that cannot be told.

    A difference such as ``end - start`` has no sign of its own; then the operator decides.
    """
    return _direction(charge.amount, charge.operator)


@functools.lru_cache(maxsize=8192)
def _direction(amount: Value, operator: str) -> int:
    """Return the direction of a change by *amount* that is written with *operator*."""
    sign = sign_of(amount) or _extent(amount)
    if sign:
        return sign
    if any(word in operator for word in ("sub", "dec", "-")):
        return -1
    return 1 if any(word in operator for word in ("add", "inc", "+")) else 0


@functools.lru_cache(maxsize=2048)
def given_back(function: FunctionPaths) -> frozenset[str]:
    """Return the counters that some path of a function, callees included, may give back to."""
    return frozenset(
        each.counter
        for balance in balances(function)
        for each in balance.charges
        if direction(each) <= 0
    )


def apart(left: Balance, right: Balance) -> list[Condition]:
    """Return the conditions of one path that the other path contradicts."""
    return [
        condition
        for text, conditions in left.relations.items()
        if text in right.relations
        for condition in conditions
        if any(other.excludes(condition) for other in right.relations[text])
    ]


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

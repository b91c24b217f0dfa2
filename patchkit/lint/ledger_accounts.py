# SPDX-License-Identifier: GPL-2.0-only
"""The accounts of a program: who is charged where, what remembers it, and who gives it back.

An account is a counter together with the members of objects from which a release takes the owner
and the amount. A path that succeeds with a charge left opens an account in every member that holds
the owner or the amount when it ends. A release is *linked* to the charges whose account it takes
its owner or its amount from. To compare both ends, the release is replayed in the state that the
charge left: its members are replaced by what they hold then.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field

from patchkit.lint.analysis import Analysis, FunctionPaths
from patchkit.lint.events import Store
from patchkit.lint.ledger_algebra import members, place, replayed, vague
from patchkit.lint.ledger_paths import Balance, Key, balances, direction
from patchkit.lint.queries import asked, derived
from patchkit.lint.values import Value

CURRENT = "task_struct.mm"
"""Where the owner is taken from whoever happens to run."""


@dataclass(frozen=True, eq=False, slots=True)
class Entry:
    """A charge or a release that a path leaves on the books; *amount* is above zero in both.

    *remembered* is what members hold after a charge; what was added to, only the charge's part.
    """

    balance: Balance
    key: Key
    amount: Value
    owners: frozenset[str]
    amounts: frozenset[str]
    remembered: dict[str, Value] = field(default_factory=dict)

    @property
    def counter(self) -> str:
        """The counter's id."""
        return self.key[0]

    @property
    def owner(self) -> Value:
        """Whose counter it is."""
        return self.key[1]

    @property
    def function(self) -> FunctionPaths:
        """The function on whose path it is."""
        return self.balance.function

    @property
    def places(self) -> frozenset[str]:
        """The members that tie it to an object, of owner and amount."""
        return (self.owners | self.amounts) - {CURRENT}

    @property
    def current(self) -> bool:
        """Whether the owner is taken from the running task, and not known to be anybody else's."""
        atom = self.owner.atom
        return atom is not None and place(atom) == CURRENT and self.owners <= {CURRENT}


@dataclass(frozen=True, eq=False, slots=True)
class Accounts:
    """All charges and releases of a program that are tied to objects, lowest functions first."""

    charges: tuple[Entry, ...]
    releases: tuple[Entry, ...]


@functools.lru_cache(maxsize=2048)
def entries(function: FunctionPaths) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """Return the charges and the releases of a function, each kind once."""
    charges: dict[tuple[object, ...], Entry] = {}
    releases: dict[tuple[object, ...], Entry] = {}
    for balance in balances(function):
        if balance.warned:
            continue
        for key, rest in balance.net.items():
            sign = balance.sign(key)
            if balance.failed:
                continue
            if sign > 0:
                entry = _charge(balance, key, rest)
                charges.setdefault(_identity(entry), entry)
            elif sign < 0:
                entry = _release(balance, key, -rest)
                releases.setdefault(_identity(entry), entry)
    return tuple(charges.values()), tuple(releases.values())


def _identity(entry: Entry) -> tuple[object, ...]:
    """Return what makes two entries of a function the same for pairing."""
    return (
        entry.counter,
        entry.owner.text,
        entry.amount.text,
        tuple(sorted((name, entry.balance.state[name].text) for name in entry.balance.state)),
    )


def _charge(balance: Balance, key: Key, amount: Value) -> Entry:
    """Return a charge with the members that hold its owner and its amount at the end."""
    owners = {name for name, held in balance.state.items() if balance.equal.same(held, key[1])}
    owners |= _named(balance, key)
    amounts = set(members(amount))
    for store in balance.stores:
        held = balance.state[store.name]
        if held.constant is not None:
            continue
        if balance.equal.same(held, amount) or _grows(balance, store, amount):
            amounts.add(store.name)
    for name, held in balance.state.items():
        if held.constant is None and _carries(amount, held):
            amounts.add(name)
    grown = {each.name: amount for each in balance.stores if _grows(balance, each, amount)}
    remembered = {**balance.state, **grown}
    return Entry(balance, key, amount, frozenset(owners), frozenset(amounts), remembered)


def _grows(balance: Balance, store: Store, amount: Value) -> bool:
    """Tell whether a store adds a charge to what a member held (references also grow by one)."""
    if store.before.zero or amount.constant is not None:
        return False
    return balance.equal.same(store.value - store.before, amount)


def _carries(amount: Value, held: Value) -> bool:
    """Tell whether the amount is worked out from what a member holds."""
    atom = held.atom
    if atom is None or atom.kind in ("global", "alloc", "address"):
        return False
    return any(each == atom for each in amount.atoms())


def _release(balance: Balance, key: Key, amount: Value) -> Entry:
    """Return a release with the members that its owner and its amount are taken from."""
    return Entry(balance, key, amount, _named(balance, key), frozenset(members(amount)))


def _named(balance: Balance, key: Key) -> frozenset[str]:
    """Return the members that an owner is taken from, by all names that the path has for it."""
    owners = (key[1], *(each.owner for each in balance.owned(key)))
    return frozenset(name for each in owners if each.atom and (name := place(each.atom)))


@functools.lru_cache(maxsize=4)
def accounts(analysis: Analysis) -> Accounts:
    """Return the accounts of a program."""
    found = [_tied_by(analysis, function) for function in analysis.functions]
    return Accounts(
        tuple(each for charges, _ in found for each in charges),
        tuple(each for _, releases in found for each in releases),
    )


@derived
def _tied_by(
    analysis: Analysis, function: FunctionPaths
) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """Return a function's charges and releases that are tied to objects by itself."""
    charges, releases = entries(function)
    return (
        tuple(e for e in charges if e.places and not _inherited(analysis, e, charge=True)),
        tuple(e for e in releases if e.places and not _inherited(analysis, e, charge=False)),
    )


def _inherited(analysis: Analysis, entry: Entry, charge: bool) -> bool:
    """Tell whether one callee does all of it and is tied to the same objects by itself."""
    owned = entry.balance.owned(entry.key)
    calls = {each.via[0] if each.via else None for each in owned}
    if len(calls) != 1 or None in calls:
        return False
    event = owned[0]
    inner = event.via[1] if len(event.via) > 1 else event.site
    callee = analysis.function(inner.function, inner.file)
    if callee is None:
        return False
    some = entries(callee)[0 if charge else 1]
    return any(each.counter == entry.counter and each.places >= entry.places for each in some)


def linked(charge: Entry, release: Entry) -> bool:
    """Tell whether a release takes its owner or its amount from where the charge left it."""
    return charge.counter == release.counter and _tied(charge, release.owners, release.amounts)


def _tied(charge: Entry, owners: frozenset[str], amounts: frozenset[str]) -> bool:
    if (charge.owners & owners) - {CURRENT}:
        return True
    return bool(charge.amounts & amounts)


@asked
def charges_linked(
    analysis: Analysis, counter: str, owners: frozenset[str], amounts: frozenset[str]
) -> tuple[Entry, ...]:
    """Return the charges that left owner or amount in one of these members."""
    return tuple(
        each
        for each in accounts(analysis).charges
        if each.counter == counter and _tied(each, owners, amounts)
    )


@asked
def releases_of(analysis: Analysis, counter: str, names: frozenset[str]) -> tuple[Entry, ...]:
    """Return the releases that take owner or amount from one of the members *names*."""
    return tuple(
        each
        for each in accounts(analysis).releases
        if each.counter == counter and each.places & names
    )


@functools.lru_cache(maxsize=16384)
def compared(charge: Entry, release: Entry) -> bool | None:
    """Tell whether both ends come to the same number of pages; None if that is open."""
    balance = charge.balance
    there = balance.equal.reduce(replayed(release.amount, charge.remembered))
    rest = balance.equal.reduce(there - charge.amount)
    if rest.zero or release.amount.placed == charge.amount.placed:
        return True
    if vague(there) or vague(charge.amount):
        return None
    if (there.constant is None) != (charge.amount.constant is None):
        return None
    return False if _resolved(there, charge) else None


def _resolved(value: Value, charge: Entry) -> bool:
    """Tell whether a replayed value has only parts that the charging path knows."""
    known = {atom.text for atom in charge.amount.atoms()}
    known |= {atom.text for held in charge.balance.state.values() for atom in held.atoms()}
    known |= {atom.text for each in charge.balance.conditions for atom in each.value.atoms()}
    return all(
        atom.text in known
        for atom in value.atoms()
        if atom.kind in ("param", "field", "local", "call", "element", "deref")
    )


def same_owner(analysis: Analysis, charge: Entry, release: Entry) -> bool | None:
    """Tell whether both ends are of the same owner; None if that is open.

    Whoever runs the release need not be the one who ran the charge, so the running task's mm is the
    right one only where the release follows the charge on the same path.
    """
    if (charge.owners & release.owners) - {CURRENT}:
        return True
    if release.current:
        return None if _always_with_charge(analysis, release) else False
    balance = charge.balance
    there = balance.equal.reduce(replayed(release.owner, balance.state))
    if balance.equal.same(there, charge.owner):
        return True
    own = {name.partition(".")[0] for name in charge.owners - {CURRENT}}
    atom = release.owner.atom
    if atom is not None and (atom.tag in own or place(atom) in balance.state):
        return False
    return None


def _always_with_charge(analysis: Analysis, release: Entry) -> bool:
    """Tell whether all callers of a release have charged the same counter before, on that path."""
    calls = analysis.callers(release.function)
    for call in calls:
        for balance in balances(call.caller):
            mine = [each for each in balance.charges if each.counter == release.counter]
            if any(each.via and each.via[0] == call.site for each in mine) and not any(
                direction(each) > 0 for each in mine
            ):
                return False
    return bool(calls)


def creators(analysis: Analysis, names: frozenset[str]) -> Iterator[Balance]:
    """Yield the paths that succeed and set one of the members *names* to something."""
    for function in analysis.functions:
        if names & _set_in(function):
            for balance in balances(function):
                if names & _set_on(balance):
                    yield balance


@functools.lru_cache(maxsize=2048)
def _set_in(function: FunctionPaths) -> frozenset[str]:
    """Return the members that a function sets to something on paths that succeed."""
    return frozenset().union(*(_set_on(each) for each in balances(function)))


def _set_on(balance: Balance) -> frozenset[str]:
    """Return the members that a path sets to something; none if it fails."""
    if balance.failed or balance.warned:
        return frozenset()
    return frozenset(name for name, held in balance.state.items() if not held.zero)

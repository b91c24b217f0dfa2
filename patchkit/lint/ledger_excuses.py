# SPDX-License-Identifier: GPL-2.0-only
"""Reasons why what a failing path leaves on the books need not be its fault."""

from __future__ import annotations

import functools

from patchkit.lint import ir
from patchkit.lint.analysis import Analysis, FunctionPaths
from patchkit.lint.events import Assume, Charge, Put, Site, Unknown
from patchkit.lint.graph import Graph
from patchkit.lint.ledger_algebra import members, vague
from patchkit.lint.ledger_draft import can_release
from patchkit.lint.ledger_paths import (
    Balance,
    Key,
    apart,
    balances,
    direction,
    given_back,
    signature,
)
from patchkit.lint.queries import asked
from patchkit.lint.values import Atom, Value


def charged_by(balance: Balance, key: Key) -> bool:
    """Tell whether the path itself charged this owner, so that the rest is its own doing."""
    return any(direction(each) > 0 for each in balance.owned(key))


def optional(balance: Balance, counter: str) -> bool:
    """Tell whether the function has a path that succeeds without a charge: paths that differ in
    what a callee found are joined behind it, and then nothing tells them apart."""
    return any(
        not each.failed and not any(charge.counter == counter for charge in each.charges)
        for each in balances(balance.function)
    )


def kept(balance: Balance, rest: Value) -> bool:
    """Tell whether an object that outlives the path remembers what is left of the charge."""
    for store in balance.stores:
        text = store.object.text
        if any(gone in text for gone in balance.ended):
            continue
        atom = store.object.atom
        if atom is not None and atom.kind == "alloc":
            continue
        if balance.state.get(store.name) != store.value or store.value.zero:
            continue
        grown = store.value - store.before
        if (grown.constant is None and balance.equal.same(grown, rest)) or balance.equal.same(
            store.value, rest
        ):
            return True
    return False


def evened(balance: Balance, key: Key) -> bool:
    """Tell whether another failing path of the function takes back what it has charged: then an
    object that remembers the charge is not meant to keep it."""
    return any(
        other.failed and key not in other.net and charged_by(other, key)
        for other in balances(balance.function)
    )


def relieved(balance: Balance, key: Key) -> bool:
    """Tell whether the path relieves, for the same counter, an owner that an object names by as
    much as the object says: who and how much it is cannot be told then."""
    return any(
        counter == key[0]
        and owner != key[1]
        and balance.sign((counter, owner)) < 0
        and any(atom.kind == "field" for atom in owner.atoms())
        and unknown(balance, rest)
        and not balance.equal.same(rest, -balance.net[key])
        for (counter, owner), rest in balance.net.items()
    )


def loops(analysis: Analysis, balance: Balance, key: Key, rest: Value) -> bool:
    """Tell whether the path may give back in a loop, or as much as objects say.

    Then a path on which the loop had no rounds, or found other objects, shows nothing.
    """
    if (
        vague(rest)
        and balance.function.function.blocks
        and can_release(analysis, balance.function, key[0])
    ):
        return True
    end = balance.path.end.span.start
    present = {each.here for each in balance.charges}
    for other in balances(balance.function):
        if not other.failed:
            continue
        for each in other.charges:
            if each.counter != key[0] or direction(each) >= 0 or each.here in present:
                continue
            if each.here.span.start > end or _passed(analysis, balance, each):
                continue
            if _whole(other, each):
                continue
            if vague(each.amount) or (each.via and not _told(balance, each.amount)):
                return True
    return False


def _whole(balance: Balance, given: Charge) -> bool:
    """Tell whether a path takes back, outside of callees, just what it has charged: in no loop."""
    return not given.via and any(
        not each.via
        and each.counter == given.counter
        and each.owner == given.owner
        and (each.amount + given.amount).zero
        for each in balance.charges
    )


def _passed(analysis: Analysis, balance: Balance, given: Charge) -> bool:
    """Tell whether a path makes the call that gives back on another path, of a callee that always
    gives back what an object remembers: then that has been nothing on this path."""
    if not given.via or not any(each.here == given.here for each in balance.path.events):
        return False
    inner = given.via[1] if len(given.via) > 1 else given.site
    callee = analysis.function(inner.function, inner.file)
    if callee is None:
        return False
    books = balances(callee)
    return all(
        any(
            each.site == given.site and each.via == given.via[1:] and not vague(each.amount)
            for each in book.charges
        )
        for book in books
    )


def handed_on(analysis: Analysis, balance: Balance, key: Key) -> bool:
    """Tell whether what a callee charged for is handed to a function that nothing is known of.

    The callee's result may be, or hold, the object that gives back when it goes.
    """
    if any(not each.via for each in balance.owned(key)):
        return False
    if _object_made(analysis, balance, key) or _at_large(balance, key):
        return True
    for event in balance.path.events:
        if event.via or not isinstance(event, (Put, Unknown)):
            continue
        handed = (event.object,) if isinstance(event, Put) else event.arguments
        for value in handed:
            atom = value.atom
            if atom is not None and atom.kind == "call" and "~" in atom.text:
                return True
            if isinstance(event, Unknown) and atom is not None and _holds(balance, atom, key):
                return True
    return False


def _at_large(balance: Balance, key: Key) -> bool:
    """Tell whether what was charged is kept by an object that was made on the path and lives on."""
    for atom in balance.net[key].atoms():
        made = atom.args[0].atom if atom.kind == "field" and atom.args else None
        if made is not None and made.kind in ("call", "alloc") and made.text not in balance.ended:
            return True
    return False


def _holds(balance: Balance, atom: Atom, key: Key) -> bool:
    """Tell whether the amount or the owner of a charge is read from an object."""
    value = balance.net[key]
    return any(
        each.kind == "field" and any(arg.atom == atom for arg in each.args)
        for each in (*value.atoms(), *key[1].atoms())
    )


def _object_made(analysis: Analysis, balance: Balance, key: Key) -> bool:
    """Tell whether the charge is made by a function that returns the object to keep it."""
    for each in balance.owned(key):
        inner = each.via[1] if len(each.via) > 1 else each.site
        callee = analysis.function(inner.function, inner.file)
        if callee is not None and callee.function.returns.rstrip().endswith("*"):
            return True
    return False


def may_release(analysis: Analysis, balance: Balance, key: Key) -> bool:
    """Tell whether a callee that the path comes by between the charge and the end, or that is
    called in a loop there, gives back in some states only."""
    sites = _partial_sites(analysis, balance.function, key[0])
    if not sites:
        return False
    first = min(each.here.span.start for each in balance.owned(key))
    end = balance.path.end.span.start
    present = {each.here for each in balance.charges}
    passed = {each.here for each in balance.path.events} | _repeated(balance.function)
    # How much a callee found out for itself may be nothing, and the path another than it seems.
    own = any(atom.kind == "call" and "~" in atom.text for atom in balance.net[key].atoms())
    return any(
        first < site.span.start < end and site not in present and (own or site in passed)
        for site in sites
    )


@functools.lru_cache(maxsize=2048)
def _repeated(function: FunctionPaths) -> frozenset[Site]:
    """Return where a function calls something in a loop, which may have had no rounds."""
    body = function.function
    inside = {block for blocks in Graph(body.blocks).loops.values() for block in blocks}
    return frozenset(
        Site(body.path, body.name, body.place(each.span))
        for block in inside
        for each in body.blocks[block].instructions
        if isinstance(each, ir.Call)
    )


@asked
def _partial_sites(analysis: Analysis, function: FunctionPaths, counter: str) -> tuple[Site, ...]:
    """Return where a function calls what gives back on some paths only."""
    return tuple(_partial_releases(analysis).get((function, counter), ()))


@functools.lru_cache(maxsize=2)
def _partial_releases(analysis: Analysis) -> dict[tuple[FunctionPaths, str], list[Site]]:
    """Return where functions call, by caller and counter, what gives back on some paths only."""
    found: dict[tuple[FunctionPaths, str], list[Site]] = {}
    for callee in analysis.functions:
        for counter in _sometimes(callee):
            for call in analysis.callers(callee):
                found.setdefault((call.caller, counter), []).append(call.site)
    return found


@functools.lru_cache(maxsize=2048)
def _sometimes(function: FunctionPaths) -> frozenset[str]:
    """Return the counters to which some paths of a function give back, and others do nothing."""
    books = balances(function)
    return frozenset(
        counter
        for counter in given_back(function)
        if not all(any(each.counter == counter for each in one.charges) for one in books)
    )


def unknown(balance: Balance, amount: Value) -> bool:
    """Tell whether an amount comes from a member that the path knows nothing of."""
    known = {atom.text for each in balance.charges for atom in each.amount.atoms()}
    known |= {atom.text for held in balance.state.values() for atom in held.atoms()}
    own = {atom.text for atom in amount.atoms() if atom.kind == "field"}
    others = {
        atom.text for each in balance.charges if direction(each) > 0 for atom in each.amount.atoms()
    }
    return bool(own - others - (known - own))


def _told(balance: Balance, amount: Value) -> bool:
    """Tell whether an amount that is given back is one that the path has charged."""
    known = {atom.text for each in balance.charges for atom in each.amount.atoms()}
    return all(
        atom.text in known for atom in amount.atoms() if atom.kind in ("field", "call", "local")
    )


def below(analysis: Analysis, balance: Balance, key: Key) -> bool:
    """Tell whether the rest comes from one call of a function whose own failure leaves it."""
    calls = {each.here: each for each in balance.owned(key)}
    if len(calls) != 1:
        return False
    ((_, event),) = calls.items()
    if not event.via:
        return False
    inner = event.via[1] if len(event.via) > 1 else event.site
    callee = analysis.function(inner.function, inner.file)
    if callee is None:
        return False
    seen = signature(balance, key[0], event)
    books = [(each, signature(each, key[0])) for each in balances(callee)]
    left = [there for each, there in books if each.failed and each.net]
    if seen in left:
        return True
    if any(there == seen for each, there in books if not each.failed):
        return False
    # What it does to owners that only it can name does not show further up.
    return any(set(seen) <= set(there) for there in left)


def settled(analysis: Analysis, balance: Balance, key: Key) -> bool:
    """Tell whether all callers give back what a failure of this function leaves."""
    wanted = signature(balance, key[0])
    seen = False
    for call in analysis.callers(balance.function):
        for each in balances(call.caller):
            inner = next(
                (
                    event
                    for event in each.charges
                    if event.via and event.via[0] == call.site and event.counter == key[0]
                ),
                None,
            )
            if inner is None or signature(each, key[0], inner)[: len(wanted)] != wanted:
                continue
            if not each.failed:
                continue
            if any(counter == key[0] for counter, _ in each.net):
                return False
            seen = True
    return seen


def by_state(balance: Balance, key: Key, given: Charge) -> bool:
    """Tell whether a state of an object that the path has not set decides, where it gives back,
    how much that is, and another state would make it even: which one it is cannot be told."""
    decided = {
        event.condition
        for event in balance.path.events
        if isinstance(event, Assume) and event.here == given.here
    }
    for other in balances(balance.function):
        if not other.failed or key in other.net or not charged_by(other, key):
            continue
        tests = apart(balance, other)
        if tests and all(
            each in decided and not members(each.value) & balance.state.keys() for each in tests
        ):
            return True
    return False

# SPDX-License-Identifier: GPL-2.0-only
"""What several counters, or several references, have to come to together.

A request that is split between two counters is given back as a whole: what the object remembers of
one part appears in both, with opposite signs. An object that lives as long as somebody refers to it
gives its charge back once, with the last reference; so taking another one must not charge again.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from patchkit.lint.analysis import Analysis, FunctionPaths
from patchkit.lint.conditions import Condition
from patchkit.lint.effects import load_effects
from patchkit.lint.ledger_accounts import Entry, accounts
from patchkit.lint.ledger_algebra import members, place
from patchkit.lint.ledger_draft import Draft
from patchkit.lint.ledger_paths import Balance, balances
from patchkit.lint.model import Step
from patchkit.lint.values import ZERO, Value


def whole_drafts(analysis: Analysis) -> Iterator[Draft]:
    """Yield the releases whose parts do not add up, and the references that charge again."""
    books = accounts(analysis)
    parts = _parts(books.charges)
    told: set[str] = set()
    for release in books.releases:
        for draft in _split(release, parts):
            if draft.subject not in told:
                told.add(draft.subject)
                yield draft
    yield from _again(analysis)
    yield from _left_reference(analysis)


def _total(balance: Balance) -> Value:
    """Return what a path leaves on all counters together."""
    total = ZERO
    for rest in balance.net.values():
        total = total + rest
    return balance.equal.reduce(total)


def _parts(charges: tuple[Entry, ...]) -> dict[str, Entry]:
    """Return the members that hold one part of a request whose whole does not depend on it."""
    found: dict[str, Entry] = {}
    for charge in charges:
        if len(charge.balance.net) < 2:
            continue
        whole = {atom.text for atom in _total(charge.balance).atoms()}
        for name, held in charge.balance.state.items():
            if held.constant is not None or {atom.text for atom in held.atoms()} <= whole:
                continue
            if charge.balance.equal.same(held, charge.amount):
                found.setdefault(name, charge)
    return found


def _split(release: Entry, parts: dict[str, Entry]) -> Iterator[Draft]:
    """Yield where what one part was remembered by does not cancel out in a release."""
    total = _total(release.balance)
    for name in sorted(members(total) & parts.keys()):
        charge = parts[name]
        function = release.function
        line = release.balance.owned(release.key)[-1].here.span.line
        message = (
            f"{charge.function.name}() splits a request between counters and remembers one part in"
            f" {name}; this path gives back {(-total).text} in all"
        )
        yield Draft(
            "uncharge-amount-differs",
            function,
            line,
            message,
            f"{name} {(-total).placed}",
            release.balance.path.steps(Step(function.file, line, message)),
        )


def _counts(condition: Condition, gained: bool) -> str:
    """Return the member that counts references if a condition is that one was taken or lost."""
    atom = condition.value.atom
    if atom is None or atom.kind != "call" or condition.relation not in ("!=", ">"):
        return ""
    effects = load_effects()
    names = effects.new_references if gained else effects.last_references
    if atom.name not in names:
        return ""
    return next((name for arg in atom.args if (name := _pointed(arg))), "")


def _pointed(value: Value) -> str:
    """Return ``tag.member`` for the address of a member, else an empty text."""
    atom = value.atom
    inner = atom.args[0].atom if atom is not None and atom.kind == "address" else None
    return place(inner) if inner is not None else ""


def _remembers(balance: Balance, name: str) -> bool:
    """Tell whether a path notes something in the object whose reference it takes, other references
    apart: then it charges for more than the reference."""
    tag = name.partition(".")[0]
    return any(
        each.tag == tag and (each.value - each.before).constant is None for each in balance.stores
    )


def _constant(balance: Balance) -> bool:
    """Tell whether a path knows the number of pages that it charges."""
    return any(rest.constant is not None for rest in balance.net.values())


@functools.lru_cache(maxsize=4)
def _guarding(analysis: Analysis) -> dict[str, Balance]:
    """Return the members that count references, with a path that gives back with the last one."""
    last: dict[str, Balance] = {}
    for function in analysis.functions:
        for balance, names in _counting(function, gained=False):
            if any(balance.sign(key) < 0 for key in balance.net):
                for name in names:
                    last.setdefault(name, balance)
    return last


@functools.lru_cache(maxsize=2048)
def _counting(function: FunctionPaths, gained: bool) -> tuple[tuple[Balance, tuple[str, ...]], ...]:
    """Return the paths on which references are taken or dropped, with what counts them; those that
    charge a known number of pages last."""
    found = []
    for balance in sorted(balances(function), key=_constant) if gained else balances(function):
        names = tuple(filter(None, (_counts(each, gained) for each in balance.conditions)))
        if names:
            found.append((balance, names))
    return tuple(found)


def _again(analysis: Analysis) -> Iterator[Draft]:
    """Yield the paths that charge for another reference to what the last one gives back."""
    last = _guarding(analysis)
    told: set[tuple[str, str]] = set()
    for function in analysis.functions:
        for balance, names in _counting(function, gained=True):
            if balance.failed or balance.warned:
                continue
            for name in sorted(set(names)):
                given = last.get(name)
                if given is None or _remembers(balance, name):
                    continue
                for (counter, owner), rest in balance.net.items():
                    shared = {each for each, _ in given.net}
                    key = (function.name, counter)
                    if counter not in shared or key in told:
                        continue
                    if balance.sign((counter, owner)) <= 0:
                        continue
                    told.add(key)
                    event = balance.owned((counter, owner))[-1]
                    line = event.here.span.line
                    message = (
                        f"{rest.text} is charged to {counter} for another reference, but"
                        f" {given.function.name}() gives back once, with the last one"
                    )
                    yield Draft(
                        "double-charge",
                        function,
                        line,
                        message,
                        f"{counter} {owner.placed} {rest.placed} {name}",
                        balance.path.steps(Step(function.file, line, message)),
                    )


def _left_reference(analysis: Analysis) -> Iterator[Draft]:
    """Yield the failing paths that keep a reference: the last one will never be dropped, and what
    it would give back stays charged."""
    last = _guarding(analysis)
    for function in analysis.functions:
        told: set[str] = set()
        for balance in balances(function):
            if not balance.failed or balance.warned:
                continue
            for name, object_, taken in _taken(balance):
                given = last.get(name)
                if given is None or name in told:
                    continue
                told.add(name)
                end = balance.path.end.span.line
                message = (
                    f"the reference that is taken in {name} is not dropped on this error path, so"
                    f" {given.function.name}() never comes to give back"
                )
                yield Draft(
                    "charge-left-on-error",
                    function,
                    end,
                    message,
                    f"{name} of {object_.typed} by {taken}",
                    balance.path.steps(Step(function.file, end, message)),
                )


@functools.lru_cache(maxsize=16384)
def _taken(balance: Balance) -> tuple[tuple[str, Value, int], ...]:
    """Return the members that a path itself has stepped up in the end, with object and step."""
    steps: dict[tuple[str, str], tuple[Value, Value]] = {}
    for store in balance.stores:
        key = (store.name, store.object.text)
        before = steps[key][1] if key in steps else ZERO
        steps[key] = (store.object, before + store.value - store.before)
        if store.via:
            return ()
    return tuple(
        (name, object_, step.constant)
        for (name, _), (object_, step) in steps.items()
        if step.constant is not None and step.constant > 0
    )

# SPDX-License-Identifier: GPL-2.0-only
"""What several counters, or several references, have to come to together.

A request that is split between two counters is given back as a whole: what the object remembers of
one part appears in both, with opposite signs. An object that lives as long as somebody refers to it
gives its charge back once, with the last reference; so taking another one must not charge again.
"""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis
from patchkit.lint.conditions import Condition
from patchkit.lint.ledger_accounts import Entry, accounts
from patchkit.lint.ledger_algebra import members
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
            atom = held.atom
            if (
                atom is None
                or atom.text in whole
                or not charge.balance.equal.same(held, charge.amount)
            ):
                continue
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
    taken = "inc_not_zero" in atom.name or "get_unless_zero" in atom.name
    lost = "dec_and" in atom.name or atom.name.endswith("put_testzero")
    if (taken if gained else lost) and atom.args:
        return " ".join(sorted(members(atom.args[0])))
    return ""


def _again(analysis: Analysis) -> Iterator[Draft]:
    """Yield the paths that charge for another reference to what the last one gives back."""
    last: dict[str, Balance] = {}
    for function in analysis.functions:
        for balance in balances(function):
            if not any(balance.sign(key) < 0 for key in balance.net):
                continue
            for condition in balance.conditions:
                name = _counts(condition, gained=False)
                if name:
                    last.setdefault(name.rpartition(" ")[2], balance)
    told: set[tuple[str, str]] = set()
    for function in analysis.functions:
        for balance in balances(function):
            if balance.failed or balance.warned:
                continue
            names = {_counts(each, gained=True) for each in balance.conditions} - {""}
            for name in sorted(names):
                given = next((last[part] for part in name.split() if part in last), None)
                if given is None:
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

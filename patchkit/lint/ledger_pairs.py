# SPDX-License-Identifier: GPL-2.0-only
"""Both ends of every account: there, of one counter, one owner and one amount."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

from patchkit.lint.analysis import Analysis, FunctionPaths
from patchkit.lint.events import Charge, Site, Store
from patchkit.lint.ledger_accounts import (
    CURRENT,
    Accounts,
    Entry,
    accounts,
    compared,
    creators,
    linked,
    same_owner,
)
from patchkit.lint.ledger_algebra import members, place, replayed
from patchkit.lint.ledger_draft import Draft, flag_owned
from patchkit.lint.ledger_local import repeated
from patchkit.lint.ledger_paths import Balance, Key, balances, direction
from patchkit.lint.model import Step


def pair_drafts(analysis: Analysis) -> Iterator[Draft]:
    """Yield what is wrong between charges and releases that belong together."""
    books = accounts(analysis)
    charges = [
        each for each in books.charges if not flag_owned(analysis, each.balance, each.counter)
    ]
    releases = [
        each for each in books.releases if not flag_owned(analysis, each.balance, each.counter)
    ]
    used: set[int] = set()
    for release in releases:
        yield from _release(analysis, books, release, charges, used)
    for charge in charges:
        if id(charge) in used:
            continue
        tied = any(linked(charge, each) for each in releases)
        if tied and not _forgotten(charge, charges, releases):
            continue
        if not kept_somewhere(charge) or _lost(analysis, charge, releases):
            continue
        if _kept_above(charge, charges):
            continue
        yield _unreleased(analysis, charge)
    yield from _mirrors(analysis)


def _forgotten(charge: Entry, charges: list[Entry], releases: list[Entry]) -> bool:
    """Tell whether all releases that a charge is tied to give back what others charge: where one
    owner has several accounts, what is tied by the owner alone may be another account's."""
    mine = [each for each in releases if linked(charge, each)]
    return bool(mine) and all(
        not _fit(charge, each)
        and any(_counted(other, each) for other in charges if not _same(charge, other))
        for each in mine
    )


def _same(charge: Entry, other: Entry) -> bool:
    """Tell whether two entries are one charge, seen from the function that makes it and from
    callers."""
    mine, theirs = (_chain(each) for each in (charge, other))
    shorter = min(len(mine), len(theirs))
    return mine[-shorter:] == theirs[-shorter:]


def _chain(entry: Entry) -> tuple[Site, ...]:
    """Return the calls that lead to a charge, and its place."""
    last = entry.balance.owned(entry.key)[-1]
    return (*last.via, last.site)


def _counted(charge: Entry, release: Entry) -> bool:
    """Tell whether a release takes its amount from where a charge left it."""
    return linked(charge, release) and bool(charge.amounts & release.amounts)


def _fit(charge: Entry, release: Entry) -> bool:
    """Tell whether a release may be of the same account as a charge that it is tied to."""
    if charge.amounts & release.amounts or compared(charge, release):
        return True
    return not release.amounts


@functools.lru_cache(maxsize=4)
def _keepers(analysis: Analysis) -> dict[str, frozenset[str]]:
    """Return the members that keep the running task's mm, by tag."""
    found: dict[str, set[str]] = {}
    for function in analysis.functions:
        for tag, member in _keeps(function):
            found.setdefault(tag, set()).add(member)
    return {tag: frozenset(names) for tag, names in found.items()}


@functools.lru_cache(maxsize=2048)
def _keeps(function: FunctionPaths) -> frozenset[tuple[str, str]]:
    """Return the members in which a function keeps the running task's mm, with their tags."""
    return frozenset(
        (event.tag, event.member)
        for path in function.paths
        for event in path.events
        if isinstance(event, Store)
        and event.tag
        and event.value.atom is not None
        and place(event.value.atom) == CURRENT
    )


@functools.lru_cache(maxsize=2048)
def _of_current(function: FunctionPaths) -> tuple[tuple[Balance, Key], ...]:
    """Return what a function's paths leave of the running task's mm when they succeed."""
    return tuple(
        (balance, key)
        for balance in balances(function)
        if not balance.failed and not balance.warned
        for key in balance.net
        if key[1].atom is not None and place(key[1].atom) == CURRENT
    )


def _mirrors(analysis: Analysis) -> Iterator[Draft]:
    """Yield the charges of the running task's mm that an object counts which was set up before,
    and keeps the mm that it counts for."""
    told: set[tuple[str, str, str]] = set()
    for function in analysis.functions:
        for balance, (counter, owner) in _of_current(function):
            name = _mirror(analysis, balance, (counter, owner))
            key = (function.file, function.name, f"{counter} {name}")
            if not name or key in told:
                continue
            told.add(key)
            event = balance.owned((counter, owner))[-1]
            line = event.here.span.line
            message = (
                f"{counter} of {owner.text} changes with what an object counts that was set up"
                f" before, and that keeps its owner in {name}"
            )
            yield Draft(
                "uncharge-mm-differs",
                function,
                line,
                message,
                f"{counter} {owner.placed} {name}",
                balance.path.steps(Step(function.file, line, message)),
            )


def _mirror(analysis: Analysis, balance: Balance, key: Key) -> str:
    """Return the member that keeps the owner of an object which counts a charge of the running
    task's mm, empty if there is none."""
    for store in balance.stores:
        names = _keepers(analysis).get(store.tag, frozenset())
        thing = store.object.atom
        if store.via or not names or thing is None or thing.kind != "param":
            continue
        if not balance.equal.same(store.value - store.before, balance.net[key]):
            continue
        kept = {f"{store.tag}.{name}" for name in names}
        if kept & balance.state.keys() or any(
            kept & members(each.value) for each in balance.conditions
        ):
            continue
        return min(kept)
    return ""


def kept_somewhere(charge: Entry) -> bool:
    """Tell whether an object remembers a charge: its owner, or what it came to."""
    written = charge.places & charge.balance.state.keys()
    return bool(written or charge.owners - {CURRENT})


def _lost(analysis: Analysis, charge: Entry, releases: list[Entry]) -> bool:
    """Tell whether what the path stored was lost, and the function writes what a release takes
    owner or amount from."""
    if not charge.function.joined:
        return False
    written = analysis.contents(charge.function.function).writes
    return any(
        name.partition(".")[2] in written
        for each in releases
        if each.counter == charge.counter
        for name in each.places
    )


def _kept_above(charge: Entry, charges: list[Entry]) -> bool:
    """Tell whether a caller puts a charge in more places than the function that makes it: then it
    is judged there."""
    made_in = charge.function.file, charge.function.name
    return any(
        each.counter == charge.counter
        and each.places - charge.places
        and any(
            made_in in ((site.file, site.function) for site in (event.site, *event.via[1:]))
            for event in each.balance.owned(each.key)
            if event.via
        )
        for each in charges
        if each.function is not charge.function
    )


def _release(
    analysis: Analysis,
    books: Accounts,
    release: Entry,
    charges: list[Entry],
    used: set[int],
) -> Iterator[Draft]:
    """Yield what is wrong with one release."""
    mine = [each for each in charges if linked(each, release)]
    if not mine:
        yield from _unlinked(analysis, release, charges, used)
        return
    results = [
        (each, compared(each, release)) for each in mine if repeated(each.balance, each.key) is None
    ]
    if any(result for _, result in results):
        pass
    elif repeated(release.balance, release.key) is not None:
        return
    elif results and all(result is False for _, result in results):
        charge = results[0][0]
        yield _at(
            "uncharge-amount-differs",
            release,
            release.balance.owned(release.key)[-1],
            f"{release.amount.text} is given back to {release.counter}, but"
            f" {charge.function.name}() charged {charge.amount.text}",
            charge,
        )
    if any(same_owner(analysis, each, release) is not False for each in mine):
        return
    charge = mine[0]
    yield _at(
        "uncharge-mm-differs",
        release,
        release.balance.owned(release.key)[-1],
        f"{release.counter} of {release.owner.text} goes down, but {charge.function.name}()"
        f" charged {charge.owner.text}"
        + (f", which is kept in {', '.join(sorted(_kept(charge)))}" if _kept(charge) else ""),
        charge,
    )


def _kept(charge: Entry) -> frozenset[str]:
    """Return the members that hold the owner of a charge."""
    return (charge.owners - {CURRENT}) & charge.balance.state.keys()


def _unlinked(
    analysis: Analysis, release: Entry, charges: list[Entry], used: set[int]
) -> Iterator[Draft]:
    """Yield why a release gives back what no charge has left: other counter, or no charge."""
    last = release.balance.owned(release.key)[-1]
    for charge in charges:
        if charge.counter != release.counter and (charge.owners & release.owners) - {CURRENT}:
            used.add(id(charge))
            yield _at(
                "uncharge-counter-differs",
                release,
                last,
                f"{release.counter} goes down, but {charge.function.name}() charged"
                f" {charge.counter}",
                charge,
            )
            return
    makers: list[Balance] = []
    for maker in creators(analysis, release.places):
        if any(each.counter == release.counter and direction(each) >= 0 for each in maker.charges):
            return
        if called_by_payer(analysis, maker, release.counter):
            return
        if not maker.equal.reduce(replayed(release.amount, maker.state)).zero:
            makers.append(maker)
    if makers:
        yield _made(min(makers, key=lambda each: len(each.path.events)), release)


def called_by_payer(analysis: Analysis, maker: Balance, counter: str) -> bool:
    """Tell whether a function above the one that sets an object up charges the counter itself."""
    seen: set[str] = set()
    pending = [maker.function]
    while pending:
        for call in analysis.callers(pending.pop()):
            if call.caller.name in seen:
                continue
            seen.add(call.caller.name)
            pending.append(call.caller)
            if any(
                each.counter == counter and direction(each) >= 0
                for balance in balances(call.caller)
                for each in balance.charges
            ):
                return True
    return False


def _made(maker: Balance, release: Entry) -> Draft:
    """Say that an object was set up without the charge that its release gives back."""
    end = maker.path.end
    step = Step(
        maker.function.file,
        end.span.line,
        f"{release.function.name}() will give back {release.amount.placed} of {release.counter}",
    )
    return Draft(
        "charge-missing",
        maker.function,
        end.span.line,
        f"{release.function.name}() takes {release.amount.placed} off {release.counter}, which is"
        " not charged here",
        f"{release.counter} {release.owner.placed} {release.amount.placed}",
        maker.path.steps(step),
    )


def _unreleased(analysis: Analysis, charge: Entry) -> Draft:
    """Say that nothing gives back a charge, where the object ends if that is known."""
    tags = {name.partition(".")[0] for name in charge.places}
    what = ", ".join(sorted(charge.places))
    subject = f"{charge.counter} {what}"
    for balance in enders(analysis, tags, charge.function.file):
        end = balance.path.end
        step = Step(balance.function.file, end.span.line, "the object is gone, its charge is not")
        return Draft(
            "release-without-uncharge",
            balance.function,
            end.span.line,
            f"{charge.function.name}() charged {charge.amount.text} to {charge.counter}, and the"
            " release does not give it back",
            subject,
            balance.path.steps(step),
        )
    end = charge.balance.path.end
    step = Step(charge.function.file, end.span.line, f"nothing gives {charge.amount.text} back")
    return Draft(
        "release-without-uncharge",
        charge.function,
        end.span.line,
        f"{charge.amount.text} is charged to {charge.counter}, and nothing ever gives it back",
        subject,
        charge.balance.path.steps(step),
    )


def enders(analysis: Analysis, tags: Iterable[str], near: str) -> list[Balance]:
    """Return paths that end an object of a tag that they did not make, those in *near* first."""
    wanted = set(tags)
    found: list[Balance] = []
    for function in analysis.functions:
        for balance in balances(function):
            if balance.failed or balance.warned:
                continue
            gone = {tag for text, tag in balance.ended.items() if "()" not in text}
            if gone & wanted:
                found.append(balance)
                break
    return sorted(found, key=lambda each: (each.function.file != near, len(each.path.events)))


def _at(rule: str, entry: Entry, event: Charge, message: str, other: Entry | None = None) -> Draft:
    """Return a draft at an event of an entry's path; *other* is the entry it does not fit."""
    function = entry.function
    line = event.here.span.line
    steps = entry.balance.path.steps(Step(function.file, line, message))
    if other is not None:
        end = other.balance.path.end
        first = Step(
            other.function.file,
            other.balance.owned(other.key)[-1].here.span.line,
            f"{other.function.name}() charges {other.amount.text} to {other.counter}",
        )
        steps = (first, Step(other.function.file, end.span.line, "and succeeds"), *steps)
    subject = f"{entry.counter} {entry.owner.placed} {entry.amount.placed}"
    return Draft(rule, function, line, message, subject, steps)

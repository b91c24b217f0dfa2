# SPDX-License-Identifier: GPL-2.0-only
"""Charges that are made in a state in which none of their releases gives back.

Where a member that nobody here changes decides over both ends, such as whether a device takes
virtual addresses, each end has a way through the functions above it on which that member is tested.
A charge on a way where the test is true needs a release that does not ask for the opposite.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from patchkit.lint.analysis import Analysis, FunctionPaths
from patchkit.lint.conditions import Condition
from patchkit.lint.events import Charge, Site
from patchkit.lint.ledger_accounts import CURRENT, Entry, accounts
from patchkit.lint.ledger_algebra import members, place
from patchkit.lint.ledger_draft import Draft, flag_owned
from patchkit.lint.ledger_paths import Balance, balances, direction
from patchkit.lint.model import Step
from patchkit.lint.queries import derived

_LEVELS = 3
"""Callers above a charge or a release whose tests count."""


def state_drafts(analysis: Analysis) -> Iterator[Draft]:
    """Yield the charges that no release answers in the state in which they are made."""
    books = accounts(analysis)
    releases: dict[tuple[str, str], list[Entry]] = {}
    for release in books.releases:
        for owner in release.owners - {CURRENT}:
            releases.setdefault((release.counter, owner), []).append(release)
    told: set[tuple[Site, str]] = set()
    for charge in books.charges:
        if flag_owned(analysis, charge.balance, charge.counter):
            continue
        for owner in sorted(charge.owners - {CURRENT}):
            mine = releases.get((charge.counter, owner), [])
            needed = [_needed(analysis, each) for each in mine]
            common = frozenset.intersection(*needed) if needed else frozenset()
            if not common:
                continue
            for balance in _ways(analysis, charge, charge=True):
                found = _contradicted(analysis, balance, common)
                site = charge.balance.owned(charge.key)[-1].site
                key = (site, found.placed if found is not None else "")
                if found is None or key in told:
                    continue
                told.add(key)
                yield _draft(charge, balance, found, mine[0])


def _draft(charge: Entry, balance: Balance, found: Condition, release: Entry) -> Draft:
    """Say that a charge is made where its release gives nothing back."""
    end = balance.path.end
    message = (
        f"{charge.amount.text} is charged to {charge.counter} where {found.text} too, but"
        f" {release.function.name}() gives back only where that is not so"
    )
    function = charge.function
    line = charge.balance.owned(charge.key)[-1].here.span.line
    last = Step(balance.function.file, end.span.line, "and nothing gives it back in this state")
    return Draft(
        "guard-differs",
        function,
        line,
        message,
        f"{charge.counter} {charge.owner.placed} {found.placed}",
        balance.path.steps(last),
    )


def _simple(condition: Condition) -> bool:
    """Tell whether a condition is whether one member of an object is zero."""
    atom = condition.value.atom
    return (
        atom is not None
        and bool(place(atom))
        and condition.relation in ("==", "!=")
        and not atom.type.rstrip().endswith("*")
    )


@functools.lru_cache(maxsize=16384)
def _tests(balance: Balance) -> frozenset[str]:
    """Return the simple conditions of a path, by place."""
    return frozenset(each.placed for each in balance.conditions if _simple(each))


def _ways(analysis: Analysis, entry: Entry, charge: bool) -> list[Balance]:
    """Return the paths, of the function and of those above it, on which an entry's change is
    made; of a release also failing ones."""
    found: list[Balance] = []
    level: list[FunctionPaths] = [entry.function]
    sites = {each.site for each in entry.balance.owned(entry.key)}
    name = entry.function.name
    for _ in range(_LEVELS):
        above: list[FunctionPaths] = []
        for function in level:
            for balance in balances(function):
                if charge and (balance.failed or balance.warned):
                    continue
                if any(
                    each.site in sites
                    and any(site.function == name for site in (*each.via, each.site))
                    for each in _moves(balance, entry, charge)
                ):
                    found.append(balance)
            above += [call.caller for call in analysis.callers(function)]
        level = [each for each in dict.fromkeys(above) if each not in level]
    return found


def _moves(balance: Balance, entry: Entry, charge: bool) -> Iterator[Charge]:
    """Yield the changes of an entry's counter in its direction."""
    sign = 1 if charge else -1
    return (
        each
        for each in balance.charges
        if each.counter == entry.counter and direction(each) == sign
    )


@derived
def _needed(analysis: Analysis, release: Entry) -> frozenset[str]:
    """Return the simple conditions that hold on all ways to a release, at some level."""
    by_function: dict[str, frozenset[str]] = {}
    for balance in _ways(analysis, release, charge=False):
        name = balance.function.name
        tests = _tests(balance)
        by_function[name] = by_function[name] & tests if name in by_function else tests
    needed = by_function.pop(release.function.name, frozenset())
    if by_function:
        above = frozenset.intersection(*by_function.values())
        direct = {call.caller.name for call in analysis.callers(release.function)}
        below = [tests for name, tests in by_function.items() if name in direct]
        needed |= above | (frozenset.intersection(*below) if below else frozenset())
    return needed


def _contradicted(analysis: Analysis, balance: Balance, needed: frozenset[str]) -> Condition | None:
    """Return the condition of a path whose opposite all releases need, if there is one."""
    for each in balance.conditions:
        if not _simple(each) or each.negated().placed not in needed:
            continue
        if each.placed in {other.negated().placed for other in balance.conditions}:
            continue
        if members(each.value) & balance.state.keys() or _written(analysis, each):
            continue
        return each
    return None


def _written(analysis: Analysis, condition: Condition) -> bool:
    """Tell whether a function that is looked at writes the member of a condition."""
    atom = condition.value.atom
    assert atom is not None
    return any(atom.name in analysis.contents(each.function).writes for each in analysis.functions)

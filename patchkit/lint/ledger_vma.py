# SPDX-License-Identifier: GPL-2.0-only
"""Charges that a VMA's flag remembers.

Pages of a VMA enter and leave a companion counter (the size of the address space) whatever its
flags are. Where that happens on a path that finds the flag set, or does not look, the counter that
goes with the flag has to change by as many pages.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from patchkit.lint.analysis import Analysis, FunctionPaths
from patchkit.lint.conditions import Condition
from patchkit.lint.events import Assume, Charge, Flag, Init
from patchkit.lint.ledger_draft import Draft, names_flag
from patchkit.lint.ledger_paths import Balance, balances, direction
from patchkit.lint.model import Step
from patchkit.lint.values import Value
from patchkit.lint.vma_flags import owner_of, tested


def vma_drafts(analysis: Analysis, function: FunctionPaths) -> Iterator[Draft]:
    """Yield what is wrong with a function's charges that go with a flag."""
    for companion in analysis.counters.companions:
        yield from _moved(analysis, function, companion.id, companion.of, companion.flag)
    for pair in analysis.counters.pairs:
        for counter, flag in pair.flags.items():
            yield from _again(function, counter, flag)


@functools.lru_cache(maxsize=2048)
def looks(function: FunctionPaths, flag: str) -> bool:
    """Tell whether a function tests a flag on some path."""
    return any(
        names_flag(each.value, flag) for book in balances(function) for each in book.conditions
    )


def flag_state(conditions: tuple[Condition, ...], flag: str) -> bool | None:
    """Return whether a path finds a flag set; None if it does not look."""
    found: bool | None = None
    for condition in conditions:
        if names_flag(condition.value, flag):
            found = condition.relation in ("!=", ">")
    return found


def _moved(
    analysis: Analysis, function: FunctionPaths, companion: str, counter: str, flag: str
) -> Iterator[Draft]:
    """Yield the paths that move pages of a VMA without the counter of its flag."""
    books = [each for each in balances(function) if not each.failed and not each.warned]
    asked = looks(function, flag) or any(
        each.counter == counter for book in books for each in book.charges
    )
    told: set[str] = set()
    for balance in books:
        state = flag_state(balance.conditions, flag)
        if any(each.counter == counter for each in balance.charges) or _cleared(balance, flag):
            continue
        for event in balance.moved:
            moves = balance.moves(event)
            if event.counter != companion or not moves or state is False:
                continue
            if _begun(balance, event):
                continue
            if _elsewhere(analysis, event, moves, flag) or _sibling(analysis, balance, event):
                continue
            gain = moves > 0
            if state is None and (asked or (not gain and _given_back(analysis, function, counter))):
                continue
            rule = "charge-missing" if gain else "release-without-uncharge"
            subject = f"{counter} {flag} {event.amount.placed}"
            if subject in told:
                continue
            told.add(subject)
            verb = "enter" if gain else "leave"
            how = f"with {flag} set" if state else f"whether {flag} is set or not"
            message = (
                f"pages {verb} {companion} by {event.amount.text} {how}, and {counter} does not"
                " change"
            )
            line = event.here.span.line
            step = Step(function.file, line, message)
            yield Draft(rule, function, line, message, subject, balance.path.steps(step))


_LEVELS = 3
"""Callers above a function in which pages leave that may give them back."""


def _given_back(analysis: Analysis, function: FunctionPaths, counter: str) -> bool:
    """Tell whether a function above gives back for all pages that leave in *function*, or who
    calls it is not known."""
    level = [function]
    for _ in range(_LEVELS):
        above = [call.caller for each in level for call in analysis.callers(each)]
        if not above:
            return level[0] is function and not _in_vain(analysis, function)
        if any(
            event.counter == counter and direction(event) <= 0
            for each in above
            for balance in balances(each)
            for event in balance.charges
        ):
            return True
        level = list(dict.fromkeys(above))
    return False


def _in_vain(analysis: Analysis, function: FunctionPaths) -> bool:
    """Tell whether all who can call a function are known, and do nothing that counts."""
    if not function.function.static or not function.file.endswith(".c"):
        return False
    return bool(analysis.program.callers(function.name, function.file))


def _elsewhere(analysis: Analysis, event: Charge, moves: int, flag: str) -> bool:
    """Tell whether the pages are moved for somebody else: a caller that hands in how many, or a
    callee that looks at the flag itself."""
    atom = event.amount.atom if moves > 0 else (-event.amount).atom
    if not event.via:
        return atom is not None and atom.kind == "param"
    for site in (*event.via[1:], event.site):
        inner = analysis.function(site.function, site.file)
        if inner is not None and looks(inner, flag):
            return True
    return False


def _sibling(analysis: Analysis, balance: Balance, event: Charge) -> bool:
    """Tell whether the pages are counted for another flag: a counter that shares the limit changes
    by as many, on a path that finds the flag of that counter set."""
    flags: dict[str, str] = {}
    for pair in analysis.counters.pairs:
        flags.update(pair.flags)
    return any(
        each.counter in flags
        and each.amount == event.amount
        and flag_state(balance.conditions, flags[each.counter]) is True
        for each in balance.charges
    )


def _begun(balance: Balance, event: Charge) -> bool:
    """Tell whether the address space is one that the path has just set up, as a copy."""
    return any(
        isinstance(each, Init) and each.owner == event.owner and each.counter == event.counter
        for each in balance.path.events
    )


def _cleared(balance: Balance, flag: str) -> bool:
    """Tell whether the path takes the flag off the VMA."""
    return any(
        isinstance(event, Flag) and event.action in ("clear", "assign") and flag in event.flags
        for event in balance.path.events
    )


def _again(function: FunctionPaths, counter: str, flag: str) -> Iterator[Draft]:
    """Yield the paths that charge for a new flag without asking whether the VMA had it."""
    for balance in balances(function):
        if balance.failed or balance.warned or balance.moved:
            continue
        charge = next(
            (
                each
                for each in balance.charges
                if each.counter == counter and direction(each) > 0 and not each.via
            ),
            None,
        )
        if charge is None or not _whole(balance, charge):
            continue
        tests = [
            event.condition
            for event in balance.path.events
            if isinstance(event, Assume) and names_flag(event.condition.value, flag)
        ]
        subjects = {_tested(each.value, flag) for each in tests}
        had = any(_had(each, flag) for each in tests)
        if had or (len(subjects) == 1 and tests[0].relation == "!="):
            line = charge.here.span.line
            message = (
                f"{charge.amount.text} is charged for {flag}, and the VMA has been charged for it"
                " before"
                if had
                else f"{charge.amount.text} is charged for {flag} without a test whether the VMA"
                " has been charged for it before"
            )
            step = Step(function.file, line, message)
            yield Draft(
                "double-charge",
                function,
                line,
                message,
                f"{counter} {flag} {charge.amount.placed}",
                balance.path.steps(step),
            )
            return


def _had(condition: Condition, flag: str) -> bool:
    """Tell whether a condition says that a VMA that was handed in has the flag."""
    flags = tested(condition, flag)
    vma = owner_of(flags) if flags is not None and condition.relation == "!=" else None
    return vma is not None and vma.atom is not None and vma.atom.kind == "param"


def _tested(value: Value, flag: str) -> str:
    """Return what a flag is tested in, as text."""
    return value.placed.replace(flag, "")


def _whole(balance: Balance, charge: Charge) -> bool:
    """Tell whether the path also changes flags of a VMA that was there before."""
    for event in balance.path.events:
        if isinstance(event, Flag) and event.action == "assign":
            atom = event.target.atom
            if atom is not None and atom.kind not in ("alloc", "local"):
                return True
    return False

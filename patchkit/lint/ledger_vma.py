# SPDX-License-Identifier: GPL-2.0-only
"""Charges that a VMA's flag remembers.

Pages of a VMA enter and leave a companion counter (the size of the address space) whatever its
flags are. Where that happens on a path that finds the flag set, or does not look, the counter that
goes with the flag has to change by as many pages.
"""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis, FunctionPaths
from patchkit.lint.conditions import Condition
from patchkit.lint.events import Assume, Charge, Flag
from patchkit.lint.ledger_draft import Draft
from patchkit.lint.ledger_paths import Balance, balances, direction
from patchkit.lint.model import Step
from patchkit.lint.values import Value


def vma_drafts(analysis: Analysis) -> Iterator[Draft]:
    """Yield what is wrong with charges that go with a flag."""
    for function in analysis.functions:
        for companion in getattr(analysis.counters, "companions", ()):
            yield from _moved(function, companion.id, companion.of, companion.flag)
        for pair in analysis.counters.pairs:
            for counter, flag in pair.flags.items():
                yield from _again(function, counter, flag)


def flag_state(conditions: tuple[Condition, ...], flag: str) -> bool | None:
    """Return whether a path finds a flag set; None if it does not look."""
    found: bool | None = None
    for condition in conditions:
        if names_flag(condition.value, flag):
            found = condition.relation in ("!=", ">")
    return found


def names_flag(value: Value, flag: str) -> bool:
    """Tell whether a value is a test of a flag."""
    return any(
        atom.name == flag or atom.text == flag for atom in value.atoms() if atom.kind == "global"
    )


def _moved(function: FunctionPaths, companion: str, counter: str, flag: str) -> Iterator[Draft]:
    """Yield the paths that move pages of a VMA without the counter of its flag."""
    books = balances(function)
    if not any(names_flag(each.value, flag) for book in books for each in book.conditions):
        return
    told: set[str] = set()
    for balance in books:
        if balance.failed or balance.warned or flag_state(balance.conditions, flag) is not True:
            continue
        if any(each.counter == counter for each in balance.charges):
            continue
        if _cleared(balance, flag):
            continue
        for (name, owner), rest in balance.net.items():
            if name != companion:
                continue
            sign = balance.sign((name, owner))
            rule = "charge-missing" if sign > 0 else "release-without-uncharge"
            subject = f"{counter} {flag} {rest.placed}"
            if subject in told or not sign:
                continue
            told.add(subject)
            event = balance.owned((name, owner))[-1]
            verb = "enter" if sign > 0 else "leave"
            message = (
                f"pages {verb} {companion} by {rest.text} with {flag} set, and {counter} does not"
                " change"
            )
            line = event.here.span.line
            step = Step(function.file, line, message)
            yield Draft(rule, function, line, message, subject, balance.path.steps(step))


def _cleared(balance: Balance, flag: str) -> bool:
    """Tell whether the path takes the flag off the VMA."""
    return any(
        isinstance(event, Flag) and event.action == "clear" and flag in event.flags
        for event in balance.path.events
    )


def _again(function: FunctionPaths, counter: str, flag: str) -> Iterator[Draft]:
    """Yield the paths that charge for a new flag without asking whether the VMA had it."""
    for balance in balances(function):
        if balance.failed or balance.warned:
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
        if len(subjects) == 1 and tests[0].relation == "!=":
            line = charge.here.span.line
            message = (
                f"{charge.amount.text} is charged for {flag} without a test whether the VMA has"
                " been charged for it before"
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


def _tested(value: Value, flag: str) -> str:
    """Return what a flag is tested in, as text."""
    return value.placed.replace(flag, "")


def _whole(balance: Balance, charge: Charge) -> bool:
    """Tell whether the path also changes flags of a VMA that was there before."""
    return any(
        isinstance(event, Flag) and event.action in ("assign", "set")
        for event in balance.path.events
    )

# SPDX-License-Identifier: GPL-2.0-only
"""Charges that no object remembers: at least something near them has to give back.

Where owner and amount are handed in by callers that the analysis cannot follow (a function pointer,
a guest, a work item), there is no account to pair by. Then all functions of a directory are looked
at together: a counter that only ever goes up there is not given back, and one that only goes down
is not charged.
"""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis, FunctionPaths
from patchkit.lint.ledger_accounts import accounts
from patchkit.lint.ledger_draft import Draft, flag_owned
from patchkit.lint.ledger_paths import Balance, balances
from patchkit.lint.model import Step
from patchkit.lint.queries import derived

Moves = dict[str, tuple[Balance, str]]


def lonely_drafts(analysis: Analysis) -> Iterator[Draft]:
    """Yield the counters that a directory moves in one direction only, by function."""
    books = accounts(analysis)
    paired = {
        (_directory(each.function), each.counter) for each in (*books.charges, *books.releases)
    }
    for directory, functions in sorted(_directories(analysis).items()):
        up: dict[str, dict[str, Balance]] = {}
        down: dict[str, dict[str, Balance]] = {}
        for function in functions:
            for counter, gains, balance in _moving(analysis, function):
                moves = up if gains else down
                moves.setdefault(counter, {}).setdefault(function.name, balance)
        for counter in sorted(up.keys() - down.keys()):
            if (directory, counter) in paired:
                continue
            yield from _alone(directory, counter, up[counter], gives=False)
        for counter in sorted(down.keys() - up.keys()):
            if (directory, counter) in paired:
                continue
            yield from _alone(directory, counter, down[counter], gives=True)


@derived
def _moving(analysis: Analysis, function: FunctionPaths) -> tuple[tuple[str, bool, Balance], ...]:
    """Return the counters that a function moves, whether up, and on which path first."""
    found: dict[tuple[str, bool], Balance] = {}
    for balance in balances(function):
        if balance.warned:
            continue
        for counter, owner in balance.net:
            if flag_owned(analysis, balance, counter):
                continue
            sign = balance.sign((counter, owner))
            if sign <= 0 or not balance.failed:
                found.setdefault((counter, sign > 0), balance)
    return tuple((counter, gains, balance) for (counter, gains), balance in found.items())


def _directories(analysis: Analysis) -> dict[str, list[FunctionPaths]]:
    """Return the functions by directory."""
    found: dict[str, list[FunctionPaths]] = {}
    for function in analysis.functions:
        found.setdefault(_directory(function), []).append(function)
    return found


def _directory(function: FunctionPaths) -> str:
    """Return the directory of a function's file."""
    return function.file.rpartition("/")[0]


def _alone(directory: str, counter: str, moves: dict[str, Balance], gives: bool) -> Iterator[Draft]:
    """Yield one draft for each function that moves the counter without another one doing it."""
    for name, balance in moves.items():
        inner = {
            (event.via[1] if len(event.via) > 1 else event.site).function
            for event in balance.charges
            if event.counter == counter and event.via
        }
        if inner & moves.keys():
            continue
        key = next(each for each in balance.net if each[0] == counter)
        rest = balance.net[key]
        event = balance.owned(key)[-1]
        line = event.here.span.line
        if gives:
            rule = "charge-missing"
            message = f"{name}() gives back to {counter}, and nothing in {directory} charges it"
        else:
            rule = "release-without-uncharge"
            message = f"{name}() charges {counter}, and nothing in {directory} gives it back"
        step = Step(balance.function.file, line, message)
        yield Draft(
            rule,
            balance.function,
            line,
            message,
            f"{counter} {key[1].typed} {rest.typed}",
            balance.path.steps(step),
        )

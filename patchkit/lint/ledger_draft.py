# SPDX-License-Identifier: GPL-2.0-only
"""What the parts of the ledger hand to the rules."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from patchkit.lint.analysis import Analysis, FunctionPaths
from patchkit.lint.events import Charge, Flag
from patchkit.lint.ledger_paths import Balance, balances, given_back
from patchkit.lint.model import Step
from patchkit.lint.queries import asked
from patchkit.lint.values import Value


@dataclass(frozen=True, slots=True)
class Draft:
    """A finding of the ledger before its rule is asked for the severity; as in Finding."""

    rule: str
    function: FunctionPaths
    line: int
    message: str
    subject: str
    path: tuple[Step, ...]


def flag_owned(analysis: Analysis, balance: Balance, counter: str) -> bool:
    """Tell whether a VMA's flag remembers what a path does to a counter.

    That is so if a function that changes the counter tests its flag, or moves its companion.
    """
    return any(by_flag(analysis, event) for event in balance.charges if event.counter == counter)


def by_flag(analysis: Analysis, event: Charge) -> bool:
    """Tell whether one of the functions through which a change is made looks at the flag."""
    flags = frozenset(
        flag
        for pair in analysis.counters.pairs
        for counter, flag in pair.flags.items()
        if counter == event.counter
    )
    if not flags:
        return False
    for site in (*event.via, event.site):
        function = analysis.function(site.function, site.file)
        if function is not None and _looks(function, flags, event.counter):
            return True
    return False


@functools.lru_cache(maxsize=2048)
def _looks(function: FunctionPaths, flags: frozenset[str], counter: str) -> bool:
    """Tell whether a function itself tests a flag, or moves the companion, where it charges."""
    for balance in balances(function):
        if any(not each.via for each in balance.moved):
            return True
        if any(each.counter == counter for each in balance.charges) and any(
            names_flag(each.value, flag) for each in balance.conditions for flag in flags
        ):
            return True
        if any(isinstance(each, Flag) and set(each.flags) & flags for each in balance.path.events):
            return True
    return False


@functools.lru_cache(maxsize=4)
def _releasers(analysis: Analysis) -> frozenset[tuple[str, str, str]]:
    """Return file and name of all functions that call one that gives back, with the counter."""
    found: set[tuple[str, str, str]] = set()
    pending: list[tuple[FunctionPaths, str]] = []
    for function in analysis.functions:
        pending += ((function, counter) for counter in given_back(function))
    while pending:
        function, counter = pending.pop()
        for call in analysis.callers(function):
            key = (call.caller.file, call.caller.name, counter)
            if key not in found:
                found.add(key)
                pending.append((call.caller, counter))
    return frozenset(found)


@asked
def can_release(analysis: Analysis, function: FunctionPaths, counter: str) -> bool:
    """Tell whether a function calls one that gives back to a counter on some path, at any depth."""
    return (function.file, function.name, counter) in _releasers(analysis)


@functools.lru_cache(maxsize=16384)
def names_flag(value: Value, flag: str) -> bool:
    """Tell whether a value is a test of a flag."""
    return any(
        atom.name == flag or atom.text == flag for atom in value.atoms() if atom.kind == "global"
    )

# SPDX-License-Identifier: GPL-2.0-only
"""What the parts of the ledger hand to the rules."""

from __future__ import annotations

from dataclasses import dataclass

from patchkit.lint.analysis import Analysis, FunctionPaths
from patchkit.lint.ledger_paths import Balance
from patchkit.lint.model import Step


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
    """Tell whether a VMA's flag remembers the charge: the path tests the counter's flag."""
    for pair in analysis.counters.pairs:
        flag = pair.flags.get(counter, "")
        if flag and any(flag in each.text for each in balance.conditions):
            return True
    return False

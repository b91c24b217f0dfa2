# SPDX-License-Identifier: GPL-2.0-only
"""What is given back is not as much as was charged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from patchkit.lint import ledger
from patchkit.lint.ledger_example import BALANCED, changed
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule

if TYPE_CHECKING:
    from patchkit.lint.analysis import Analysis

ID = "uncharge-amount-differs"


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the releases and error paths that give back too little or too much."""
    yield from ledger.findings(analysis, RULE)


RULE = Rule(
    id=ID,
    title="Charge and uncharge differ in amount",
    severity=Severity.ERROR,
    why="""\
What is given back is another number of pages than was charged: another formula, another member, the
rest of a loop instead of the whole, bytes for pages. Too little leaks with every cycle until the
limit is reached; too much takes away what others charged, the counter wraps below zero and every
later check fails or, for a signed comparison, never fails again.""",
    failing=changed(
        ("PFN_UP(buffer->length)", "PFN_DOWN(buffer->length)"),
    ),
    passing=BALANCED,
    check=check,
)

# SPDX-License-Identifier: GPL-2.0-only
"""Only one of charge and uncharge depends on a condition."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from patchkit.lint import ledger
from patchkit.lint.ledger_example import BALANCED, changed
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule

if TYPE_CHECKING:
    from patchkit.lint.analysis import Analysis

ID = "guard-differs"


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the conditions that only one side tests."""
    yield from ledger.findings(analysis, RULE)


RULE = Rule(
    id=ID,
    title="Charge and uncharge depend on different conditions",
    severity=Severity.ERROR,
    why="""\
One side does its part only under a condition that the other side does not test, so they disagree
for the objects for which it does not hold: charged and never given back, or given back without a
charge. Either test the same on both sides, or keep what was charged with the object (zero if
nothing was), and give back just that.""",
    failing=changed(
        (
            "\tatomic64_sub(nr_pages, &buffer->mm->pinned_vm);\n\tmmdrop(buffer->mm);",
            "\tif (buffer->writable)\n"
            "\t\tatomic64_sub(nr_pages, &buffer->mm->pinned_vm);\n"
            "\tmmdrop(buffer->mm);",
        )
    ),
    passing=BALANCED,
    check=check,
)

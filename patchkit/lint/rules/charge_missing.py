# SPDX-License-Identifier: GPL-2.0-only
"""A release gives back what the set-up does not charge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from patchkit.lint import ledger
from patchkit.lint.ledger_example import BALANCED, changed
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule

if TYPE_CHECKING:
    from patchkit.lint.analysis import Analysis

ID = "charge-missing"


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the set-ups that do not charge what their release gives back."""
    yield from ledger.findings(analysis, RULE)


RULE = Rule(
    id=ID,
    title="Release gives back what was never charged",
    severity=Severity.ERROR,
    why="""\
The release of an object takes pages off a counter, but a way to set the object up does not charge
them: a charge was forgotten, or a path goes round it. Pages are held without limit, and the release
takes away what others charged until the counter wraps.""",
    failing=changed(
        ("\tret = buffer_charge(mm, nr_pages);\n\tif (ret)\n\t\tgoto free_pages;\n", ""),
        ("\t\tgoto uncharge;", "\t\tgoto free_pages;"),
        ("uncharge:\n\tatomic64_sub(nr_pages, &mm->pinned_vm);\n", ""),
    ),
    passing=BALANCED,
    check=check,
)

# SPDX-License-Identifier: GPL-2.0-only
"""What was charged once is given back twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from patchkit.lint import ledger
from patchkit.lint.ledger_example import BALANCED, changed
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule

if TYPE_CHECKING:
    from patchkit.lint.analysis import Analysis

ID = "double-uncharge"


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the paths that give back twice, and the releases that can."""
    yield from ledger.findings(analysis, RULE)


RULE = Rule(
    id=ID,
    title="Pages are given back twice",
    severity=Severity.ERROR,
    why="""\
What was charged once is taken off the counter twice: on one path, or because a release leaves
behind the state that tells it to give back, and runs again. The counter wraps or takes away what
others charged, so that they hold pages that nothing limits.""",
    failing=changed(
        (
            "\tatomic64_sub(nr_pages, &buffer->mm->pinned_vm);\n\tmmdrop(buffer->mm);",
            "\tatomic64_sub(nr_pages, &buffer->mm->pinned_vm);\n"
            "\tatomic64_sub(nr_pages, &buffer->mm->pinned_vm);\n"
            "\tmmdrop(buffer->mm);",
        )
    ),
    passing=BALANCED,
    check=check,
)

# SPDX-License-Identifier: GPL-2.0-only
"""What was charged to one mm or user is taken off another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from patchkit.lint import ledger
from patchkit.lint.ledger_example import BALANCED, changed
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule

if TYPE_CHECKING:
    from patchkit.lint.analysis import Analysis

ID = "uncharge-mm-differs"


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the releases and error paths that relieve another owner than was charged."""
    yield from ledger.findings(analysis, RULE)


RULE = Rule(
    id=ID,
    title="Charge and uncharge are of different owners",
    severity=Severity.ERROR,
    why="""\
The charge went to one mm (or user), and another one is relieved of it. A release often runs in
another process than the set-up: after fork, when a file descriptor was passed on, from a worker, or
while exiting, when current->mm is NULL. The one that charged stays charged; the other one goes
below zero. An object that is charged for has to remember for whom, and to use that at the end.""",
    failing=changed(
        (
            "\tatomic64_sub(nr_pages, &buffer->mm->pinned_vm);\n\tmmdrop(buffer->mm);",
            "\tatomic64_sub(nr_pages, &current->mm->pinned_vm);\n\tmmdrop(buffer->mm);",
        )
    ),
    passing=BALANCED,
    check=check,
)

# SPDX-License-Identifier: GPL-2.0-only
"""An object that holds a charge ends, and the charge stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from patchkit.lint import ledger
from patchkit.lint.ledger_example import BALANCED, changed
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule

if TYPE_CHECKING:
    from patchkit.lint.analysis import Analysis

ID = "release-without-uncharge"


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the releases that leave a charge."""
    yield from ledger.findings(analysis, RULE)


RULE = Rule(
    id=ID,
    title="Object is released, its charge is not",
    severity=Severity.ERROR,
    why="""\
Pages were charged when an object was set up, and this is where the object ends: it is freed, or its
last reference and its pins are dropped, but the counter does not go down. Every cycle of set-up and
release leaves a charge behind until RLIMIT_MEMLOCK is used up by pages that nobody holds.""",
    failing=changed(
        (
            "\tatomic64_sub(nr_pages, &buffer->mm->pinned_vm);\n\tmmdrop(buffer->mm);",
            "\tmmdrop(buffer->mm);",
        )
    ),
    passing=BALANCED,
    check=check,
)

# SPDX-License-Identifier: GPL-2.0-only
"""A path fails and leaves what it charged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from patchkit.lint import ledger
from patchkit.lint.ledger_example import BALANCED, changed
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule

if TYPE_CHECKING:
    from patchkit.lint.analysis import Analysis

ID = "charge-left-on-error"


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the error paths that leave a charge."""
    yield from ledger.findings(analysis, RULE)


RULE = Rule(
    id=ID,
    title="Charge is left behind on an error path",
    severity=Severity.ERROR,
    why="""\
A path charges pages, fails, and returns without giving them back. Nothing owns the charge any more,
so it stays until the mm or the user goes. A program that makes the call fail again and again uses
up its RLIMIT_MEMLOCK without holding a page; where the counter belongs to a user, all processes of
that user lose with it.""",
    failing=changed(
        ("\t\tret = -EFAULT;\n\t\tgoto uncharge;", "\t\tret = -EFAULT;\n\t\tgoto free_pages;")
    ),
    passing=BALANCED,
    check=check,
)

# SPDX-License-Identifier: GPL-2.0-only
"""One path charges the same pages twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from patchkit.lint import ledger
from patchkit.lint.ledger_example import BALANCED, changed
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule

if TYPE_CHECKING:
    from patchkit.lint.analysis import Analysis

ID = "double-charge"


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the paths that charge twice."""
    yield from ledger.findings(analysis, RULE)


RULE = Rule(
    id=ID,
    title="Pages are charged twice",
    severity=Severity.ERROR,
    why="""\
The same pages are charged a second time on one way to success, and given back once. What is left
over stays until the mm or the user goes, and meanwhile the limit is reached early.""",
    failing=changed(
        (
            "\tbuffer->mm = mm;\n",
            "\tbuffer->mm = mm;\n\tatomic64_add(nr_pages, &mm->pinned_vm);\n",
        )
    ),
    passing=BALANCED,
    check=check,
)

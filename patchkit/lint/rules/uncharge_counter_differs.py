# SPDX-License-Identifier: GPL-2.0-only
"""What was charged to one counter is taken off another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from patchkit.lint import ledger
from patchkit.lint.ledger_example import BALANCED, changed
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule

if TYPE_CHECKING:
    from patchkit.lint.analysis import Analysis

ID = "uncharge-counter-differs"


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the releases and error paths that change another counter than the charge."""
    yield from ledger.findings(analysis, RULE)


RULE = Rule(
    id=ID,
    title="Charge and uncharge are of different counters",
    severity=Severity.ERROR,
    why="""\
The charge goes to one counter and comes off another. The first only grows; the second loses pages
that somebody else charged and wraps. Where both count against the same limit the sum looks right,
but reports, checks of one counter and the transition of a VMA all go wrong.""",
    failing=changed(
        (
            "\tatomic64_sub(nr_pages, &buffer->mm->pinned_vm);\n",
            "\tmmap_write_lock(buffer->mm);\n"
            "\tbuffer->mm->locked_vm -= nr_pages;\n"
            "\tmmap_write_unlock(buffer->mm);\n",
        )
    ),
    passing=BALANCED,
    check=check,
)

# SPDX-License-Identifier: GPL-2.0-only
"""The books of a whole program: every charge against what gives it back.

Charges and releases are paired by object and by caller, never by file: what a failing path leaves
(``ledger_errors``), what one function shows by itself (``ledger_local``), what an object remembers
against what its release takes (``ledger_accounts``, ``ledger_pairs``), what parts and references
come to together (``ledger_whole``), the conditions on both sides (``ledger_guards``,
``ledger_states``), objects that keepers have to release (``ledger_owned``), charges that a VMA's
flag remembers (``ledger_vma``), and as the last resort what a directory does in one direction only
(``ledger_lonely``). Every rule of the ledger picks its own findings.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from patchkit.lint.ledger_draft import Draft
from patchkit.lint.ledger_errors import error_drafts
from patchkit.lint.ledger_guards import guard_drafts
from patchkit.lint.ledger_local import local_drafts
from patchkit.lint.ledger_lonely import lonely_drafts
from patchkit.lint.ledger_owned import owned_drafts
from patchkit.lint.ledger_pairs import pair_drafts
from patchkit.lint.ledger_states import state_drafts
from patchkit.lint.ledger_vma import vma_drafts
from patchkit.lint.ledger_whole import whole_drafts
from patchkit.lint.model import Finding
from patchkit.lint.queries import derived

if TYPE_CHECKING:
    from patchkit.lint.analysis import Analysis, FunctionPaths
    from patchkit.lint.rule import Rule


def findings(analysis: Analysis, rule: Rule) -> Iterator[Finding]:
    """Yield the findings of one rule."""
    for draft in drafts(analysis):
        if draft.rule == rule.id:
            yield Finding(
                rule=rule.id,
                severity=rule.severity,
                file=draft.function.file,
                line=draft.line,
                function=draft.function.name,
                message=draft.message,
                subject=draft.subject,
                path=draft.path,
            )


@functools.lru_cache(maxsize=2)
def drafts(analysis: Analysis) -> tuple[Draft, ...]:
    """Return what is wrong with the books of a program, each thing once."""
    found: dict[tuple[str, str, str, str], Draft] = {}
    for draft in _all(analysis):
        key = (draft.rule, draft.function.file, draft.function.name, draft.subject)
        found.setdefault(key, draft)
    return tuple(found.values())


def _all(analysis: Analysis) -> Iterator[Draft]:
    """Yield all drafts."""
    functions = analysis.functions
    for function in functions:
        yield from _own(analysis, function)
    yield from pair_drafts(analysis)
    for function in functions:
        yield from _guards(analysis, function)
    yield from state_drafts(analysis)
    yield from whole_drafts(analysis)
    yield from owned_drafts(analysis)
    yield from lonely_drafts(analysis)
    for function in functions:
        yield from _vmas(analysis, function)


@derived
def _own(analysis: Analysis, function: FunctionPaths) -> tuple[Draft, ...]:
    return (*error_drafts(analysis, function), *local_drafts(function))


@derived
def _guards(analysis: Analysis, function: FunctionPaths) -> tuple[Draft, ...]:
    return tuple(guard_drafts(analysis, function))


@derived
def _vmas(analysis: Analysis, function: FunctionPaths) -> tuple[Draft, ...]:
    return tuple(vma_drafts(analysis, function))

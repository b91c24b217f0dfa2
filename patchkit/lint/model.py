# SPDX-License-Identifier: GPL-2.0-only
"""What the lint says: findings, the paths that show them, and what was and was not looked at."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How sure and how bad: an error loses or evades accounting, a warning may, a note informs."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the path that shows a finding; *line* from 1, *what* is a short sentence."""

    file: str
    line: int
    what: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect. *subject* is the expression at fault in canonical form (types and members instead
    of local names, no positions): with *rule*, *file* and *function* it is the finding's identity,
    which stays when lines move and locals are renamed."""

    rule: str
    severity: Severity
    file: str
    line: int
    function: str
    message: str
    subject: str
    path: tuple[Step, ...] = ()

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits over rule, file, function and subject."""
        text = "\0".join((self.rule, self.file, self.function, self.subject))
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class NotAnalysed:
    """A mention that the lint could not look at, and why."""

    file: str
    line: int
    function: str
    why: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """*mentions* (found by plain text) = *analysed* + len(*not_analysed*) + *elsewhere* (comments,
    strings, declarations, macro definitions and the like)."""

    mentions: int
    analysed: int
    elsewhere: int
    not_analysed: tuple[NotAnalysed, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The findings of a run, sorted by file, line and rule."""

    findings: tuple[Finding, ...]
    coverage: Coverage
    notes: tuple[str, ...] = field(default=())

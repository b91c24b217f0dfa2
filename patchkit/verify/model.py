# SPDX-License-Identifier: GPL-2.0-only
"""What is asked of verify and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from patchkit.errors import ExitCode

State = Literal["ok", "fail", "infrastructure"]


@dataclass(frozen=True, slots=True)
class Change:
    """A file that differs between two commits."""

    path: str
    status: str
    """``A`` added, ``M`` modified, ``D`` deleted, ``T`` another type."""


@dataclass(frozen=True, slots=True)
class Step:
    """A commit to check, together with the files that count as its own."""

    commit: str
    tree: str
    """Id of the commit's tree."""
    subject: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """How to verify."""

    each: bool = False
    """Check every commit; otherwise the last one, with the files that any of them changed."""
    checks: tuple[str, ...] = ()
    """Names of checks; none means all."""
    jobs: int = 2
    nice: int = 0
    cache: Path | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """The result of one check on one commit."""

    check: str
    commit: str
    subject: str
    state: State
    output: str
    """Why it is not ok, or what was accepted; the whole of it, or its end when it is long."""
    seconds: float = 0.0
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """All rows, by check and then in the order of the commits."""

    base: str
    rows: tuple[Row, ...]

    @property
    def verdict(self) -> State:
        """The worst state; a failure is worse than a checker that could not run."""
        states = {row.state for row in self.rows}
        if "fail" in states:
            return "fail"
        return "infrastructure" if "infrastructure" in states else "ok"

    @property
    def exit_code(self) -> ExitCode:
        """What a process that reports this should exit with."""
        if not self.rows:
            return ExitCode.NOTHING_RAN
        return {
            "ok": ExitCode.YES,
            "fail": ExitCode.NO,
            "infrastructure": ExitCode.INFRASTRUCTURE,
        }[self.verdict]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check found out about a step, before it is put into a row."""

    state: State
    output: str = ""


OUTPUT_LINES = 60
"""How many lines of a checker's output a row keeps."""


def tail(lines: list[str]) -> str:
    """Return *lines* as text; of many, the last, with a note of how many are missing."""
    if len(lines) <= OUTPUT_LINES:
        return "\n".join(lines)
    left_out = len(lines) - OUTPUT_LINES
    return "\n".join([f"({left_out} lines left out)", *lines[-OUTPUT_LINES:]])

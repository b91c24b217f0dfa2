# SPDX-License-Identifier: GPL-2.0-only
"""What a log of results says, as a tree and as a list of stable names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

Status = Literal["pass", "fail", "skip", "xfail", "timeout", "missing"]
"""``missing``: declared, by a plan, a start line or the person who asked, and never reported."""

BAD: frozenset[Status] = frozenset(("fail", "timeout", "missing"))
"""The statuses that make a run fail."""


@dataclass(slots=True)
class Case:
    """One test, with the tests inside it."""

    name: str
    """Its own name, without its number and the names above it."""
    status: Status
    reason: str = ""
    """Why it was skipped, or how it ended."""
    seconds: float | None = None
    line: int = 0
    """Line of its result in the log, from 1; 0 when there is none."""
    recovered: bool = False
    """Whether its result was found in the middle of a line."""
    cases: list[Case] = field(default_factory=list)
    log: tuple[str, ...] = ()
    """The end of what it said besides results."""

    @property
    def bad(self) -> bool:
        """Whether it makes a run fail."""
        return self.status in BAD


@dataclass(frozen=True, slots=True)
class Test:
    """One row of a list of results."""

    __test__: ClassVar[bool] = False  # pytest takes a class of this name for one of its own

    name: str
    """The names from the outermost test to this one, joined by ``: ``; unique in its list."""
    status: Status
    reason: str
    seconds: float | None
    line: int
    leaf: bool
    """Whether there are no tests inside it; only these are to be counted."""
    log: tuple[str, ...] = ()

    @property
    def bad(self) -> bool:
        """Whether it makes a run fail."""
        return self.status in BAD


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that a log says."""

    cases: tuple[Case, ...]
    plan: int | None
    """How many tests the outermost level declares; None when it does not."""
    bail: str = ""
    """Why everything was given up; empty when it was not."""
    skipped: str = ""
    """Why there was nothing to run."""

    def tests(self) -> tuple[Test, ...]:
        """Return all tests as a list, each before those inside it.

        A name that comes again in its place gets ``~2``, ``~3`` and so on: no result ever takes the
        place of another.
        """
        return tuple(_flatten(self.cases, ""))


def _flatten(cases: Sequence[Case], above: str) -> Iterator[Test]:
    seen: dict[str, int] = {}
    taken = {case.name for case in cases}
    for case in cases:
        name = case.name
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            number = seen[name]
            while f"{name}~{number}" in taken:
                number += 1
            seen[case.name] = number
            name = f"{name}~{number}"
        path = f"{above}: {name}" if above else name
        yield Test(
            path, case.status, case.reason, case.seconds, case.line, not case.cases, case.log
        )
        yield from _flatten(case.cases, path)

# SPDX-License-Identifier: GPL-2.0-only
"""The whole program as the rules see it: functions with their paths, callers and summaries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from patchkit.lint import ir
from patchkit.lint.conditions import Condition
from patchkit.lint.counters import Counters
from patchkit.lint.events import Check, Event, Site
from patchkit.lint.model import Step
from patchkit.lint.program import Program
from patchkit.lint.values import Value


@dataclass(frozen=True, eq=False, slots=True)
class Path:
    """One way through a function, from entry to return.

    *events* in the order in which they happen, branches (Assume) included. *result* is the value
    returned, None for void. *outcome* is a constant of ``events.Outcome``. *end* is the return
    statement (or the closing brace).
    """

    function: ir.Function
    events: tuple[Event, ...]
    result: Value | None
    outcome: str
    end: Site

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions that the path assumes, in order."""
        raise NotImplementedError

    def net(self) -> dict[tuple[str, Value], Value]:
        """Return the sum of all charges by counter and owner; sums that are zero are left out."""
        raise NotImplementedError

    def steps(self, *last: Step) -> tuple[Step, ...]:
        """Return the path as steps for a finding, then *last*."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False, slots=True)
class CheckSite:
    """A limit check at one place with all paths of the function that reach it.

    *over* holds the paths on which the limit is exceeded there, *under* the others, each with the
    Check event. *fails* tells whether some path of *over* fails; *excuses* are the capabilities
    whose possession lets an exceeding path succeed.
    """

    check: Check
    over: tuple[tuple[Path, Check], ...]
    under: tuple[tuple[Path, Check], ...]
    fails: bool
    excuses: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class FunctionPaths:
    """A function with its paths; *problem* says why there are none, else it is empty."""

    function: ir.Function
    paths: tuple[Path, ...]
    problem: str = ""

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.name

    @property
    def file(self) -> str:
        """The file that the function is in."""
        return self.function.path

    def checks(self) -> tuple[CheckSite, ...]:
        """Return the limit checks, own ones and those of callees, by place."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False, slots=True)
class Case:
    """One of the distinct things a call of a function can do.

    *conditions* are over parameters, globals and members as they are before the call. *events* are
    the net effects in order, in terms of the callee's parameters. *result* as in Path.
    """

    conditions: tuple[Condition, ...]
    events: tuple[Event, ...]
    result: Value | None
    outcome: str


@dataclass(frozen=True, eq=False, slots=True)
class Summary:
    """What calls of a function do, as distinct cases. *problem* when that is not known."""

    function: ir.Function
    cases: tuple[Case, ...]
    problem: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class CallSite:
    """A call of a function that has effects: who calls, and where."""

    caller: FunctionPaths
    site: Site


@dataclass(eq=False, slots=True)
class Analysis:
    """All functions of a program that have accounting events, own ones or by their callees."""

    program: Program
    counters: Counters
    functions: tuple[FunctionPaths, ...] = field(default=())
    """Sorted by file and position."""

    def function(self, name: str, path: str = "") -> FunctionPaths | None:
        """Return a function by name; with *path* only the one in that file."""
        raise NotImplementedError

    def callers(self, function: FunctionPaths) -> tuple[CallSite, ...]:
        """Return the calls of a function from functions with events, by file and position."""
        raise NotImplementedError

    def summary(self, name: str, seen_from: str = "") -> Summary | None:
        """Return the summary of what *name* means in the file *seen_from*; None if it has no
        effects or is not known."""
        raise NotImplementedError

    def problem(self, function: ir.Function) -> str:
        """Return why a function's paths were not all looked at; empty if they were."""
        raise NotImplementedError

    def edited(self, files: Mapping[str, bytes]) -> Analysis:
        """Return the analysis with these files' contents replaced; shares all that is the same."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[FunctionPaths]:
        return iter(self.functions)

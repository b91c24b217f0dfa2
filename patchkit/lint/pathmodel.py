# SPDX-License-Identifier: GPL-2.0-only
"""Functions with their paths, and limit checks with all paths that reach them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from patchkit.lint import ir
from patchkit.lint.conditions import Condition
from patchkit.lint.events import Assume, Capability, Charge, Check, Event, Outcome, Site
from patchkit.lint.model import Step
from patchkit.lint.sentences import sentence
from patchkit.lint.summaries import Summary
from patchkit.lint.values import ZERO, Value


@dataclass(frozen=True, eq=False, slots=True)
class Path:
    """One way through a function, from entry to return.

    *events* in the order in which they happen, branches (Assume) included. *result* is the value
    returned, None for void. *outcome* is a constant of ``events.Outcome``. *end* is the return
    statement (or the whole function if there is none). *final* is the memory that the path wrote,
    by place as text. *exact* is False when a loop's "many" rounds are part of it.
    """

    function: ir.Function
    events: tuple[Event, ...]
    result: Value | None
    outcome: str
    end: Site
    final: dict[str, Value] = field(default_factory=dict)
    exact: bool = True

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions that the path assumes, in order."""
        return tuple(event.condition for event in self.events if isinstance(event, Assume))

    def net(self) -> dict[tuple[str, Value], Value]:
        """Return the sum of all charges by counter and owner; sums that are zero are left out."""
        totals: dict[tuple[str, Value], Value] = {}
        for event in self.events:
            if isinstance(event, Charge):
                key = (event.counter, event.owner)
                totals[key] = totals.get(key, ZERO) + event.amount
        return {key: amount for key, amount in totals.items() if not amount.zero}

    def steps(self, *last: Step) -> tuple[Step, ...]:
        """Return the path as steps for a finding, then *last*."""
        steps: list[Step] = []
        for event in self.events:
            what = sentence(event)
            if what:
                here = event.here
                steps.append(Step(here.file, here.span.line, what))
        return (*steps, *last)


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
    """A function with its paths; *problem* says why there are none, else it is empty.

    *glimpses* are the beginnings of paths up to limit checks that are on none of the paths, because
    what came behind them was joined. *joined* when so many ways met somewhere that they were joined
    though they had stored different things: that a path has not stored something says nothing then.
    *asked* names the capabilities that are tested somewhere, whether paths still tell or not.
    """

    function: ir.Function
    paths: tuple[Path, ...]
    problem: str = ""
    summary: Summary | None = None
    glimpses: tuple[Path, ...] = ()
    joined: bool = False
    asked: frozenset[str] = frozenset()

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
        table: dict[tuple[Site, tuple[Site, ...]], list[tuple[Path, Check]]] = {}
        for path in self.paths:
            for event in path.events:
                if isinstance(event, Check):
                    table.setdefault((event.site, event.via), []).append((path, event))
        for path in self.glimpses:
            last = path.events[-1]
            assert isinstance(last, Check)
            table.setdefault((last.site, last.via), []).append((path, last))
        found = [_check_site(reached) for reached in table.values()]
        found.sort(key=lambda each: (each.check.here.span.start, each.check.site.span.start))
        return tuple(found)


def _check_site(reached: list[tuple[Path, Check]]) -> CheckSite:
    over = tuple(each for each in reached if each[1].over)
    under = tuple(each for each in reached if not each[1].over)
    fails = any(path.outcome == Outcome.FAILURE for path, _ in over)
    excuses: list[str] = []
    for path, _ in over:
        if path.outcome != Outcome.FAILURE:
            excuses += held(path.events)
    return CheckSite(reached[0][1], over, under, fails, tuple(dict.fromkeys(excuses)))


def held(events: Iterable[Event]) -> list[str]:
    """Return the capabilities that a path finds to be had."""
    return [each.name for each in events if isinstance(each, Capability) and each.held]


@dataclass(frozen=True, slots=True)
class CallSite:
    """A call of a function that has effects: who calls, and where."""

    caller: FunctionPaths
    site: Site

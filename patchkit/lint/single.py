# SPDX-License-Identifier: GPL-2.0-only
"""One function: slice it, execute what is left, and say what its paths and its calls do."""

from __future__ import annotations

from dataclasses import dataclass

from patchkit.lint import ir
from patchkit.lint.calls import Machine
from patchkit.lint.classifying import classifies
from patchkit.lint.evaluate import Scope, Types
from patchkit.lint.events import Check, Outcome
from patchkit.lint.graph import Graph
from patchkit.lint.interest import FunctionInterest
from patchkit.lint.outcome import classify, meaning
from patchkit.lint.pathmodel import FunctionPaths, Path
from patchkit.lint.paths import End, Executor, TooManyPaths
from patchkit.lint.slicing import Slice, Slicer
from patchkit.lint.summaries import Summary, summarise
from patchkit.lint.world import View

MOST_BLOCKS = 20_000
"""Blocks of a function that is looked at."""


@dataclass(slots=True)
class Prepared:
    """A function's slice with what it takes to execute it."""

    function: ir.Function
    graph: Graph
    slice: Slice
    scope: Scope


def interest(function: ir.Function, types: Types, view: View) -> FunctionInterest:
    """Return what is an event in a function."""
    tables = view.tables
    return FunctionInterest(
        function,
        types,
        tables.effects,
        tables.counter,
        tables.accounting,
        tables.watched,
        tables.resources,
        view.eventful,
        view.limiting,
        view.summary,
        lambda tag: tag in tables.accounts,
        frozenset(view.handed),
    )


def prepare(function: ir.Function, types: Types, view: View) -> Prepared | None:
    """Return a function's slice; None if there is nothing in it."""
    graph = Graph(function.blocks)
    slicer = Slicer(function, graph, interest(function, types, view))
    kept = slicer.slice()
    if slicer.idle and not classifies(function):
        return None
    scope = Scope(function, types, view.effects, dict(kept.locals))
    scope.initial |= view.handed
    return Prepared(function, graph, kept, scope)


def analyse(function: ir.Function, types: Types, view: View) -> FunctionPaths:
    """Return a function's paths and its summary."""
    problem = function.problem
    if not problem and len(function.blocks) > MOST_BLOCKS:
        problem = f"{len(function.blocks)} blocks"
    if problem:
        return _problem(function, problem)
    try:
        ready = prepare(function, types, view)
        if ready is None:
            return FunctionPaths(function, (), "", Summary(function, ()))
        machine = Machine(ready.scope, view)
        executor = Executor(function, ready.graph, ready.slice, machine, view.rules)
        ends = executor.run()
    except TooManyPaths as error:
        return _problem(function, f"too many paths: {error}")
    except RecursionError:
        return _problem(function, "nested too deeply")
    paths = _paths(function, ends)
    companions = frozenset(each.id for each in view.tables.counters.companions)
    done = [(each.events, each.result, each.outcome) for each in paths]
    summary = summarise(function, done, companions, frozenset(view.tables.accounts))
    glimpses = _glimpses(function, executor, paths)
    return FunctionPaths(
        function, paths, "", summary, glimpses, executor.joined, frozenset(executor.asked)
    )


def _glimpses(
    function: ir.Function, executor: Executor, paths: tuple[Path, ...]
) -> tuple[Path, ...]:
    """Return what led to the limit checks that are on no path to the end."""
    shown = {event.site for path in paths for event in path.events if isinstance(event, Check)}
    return tuple(
        Path(function, events, None, Outcome.UNKNOWN, site)
        for (site, _, _), events in executor.glimpses.items()
        if site not in shown
    )


def _problem(function: ir.Function, why: str) -> FunctionPaths:
    return FunctionPaths(function, (), why, Summary(function, (), why))


def _paths(function: ir.Function, ends: list[End]) -> tuple[Path, ...]:
    results = [(end.result, end.state) for end in ends if end.result is not None]
    returns = meaning(function.returns, [(v, s) for v, s in results if v is not None])
    return tuple(
        Path(
            function,
            end.state.events,
            end.result,
            classify(end.result, end.state, returns),
            end.site,
            end.state.heap,
            end.state.exact,
        )
        for end in ends
    )

# SPDX-License-Identifier: GPL-2.0-only
"""The whole program as the rules see it: functions with their paths, callers and summaries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from patchkit.lint import ir
from patchkit.lint.counters import Counters, load_counters
from patchkit.lint.events import Charge, Event, Put, Store
from patchkit.lint.interest import Contents, contents
from patchkit.lint.moving import Moves
from patchkit.lint.pathmodel import CallSite, CheckSite, FunctionPaths, Path
from patchkit.lint.program import Program
from patchkit.lint.queries import Answers, note
from patchkit.lint.selection import Selection, find_members
from patchkit.lint.single import analyse
from patchkit.lint.summaries import Case, Summary
from patchkit.lint.values import Value
from patchkit.lint.world import Tables, View

__all__ = ["Analysis", "CallSite", "Case", "CheckSite", "FunctionPaths", "Path", "Summary"]

_ROUNDS = 3
"""How often members that take part in accounting are looked for; each round may find more."""


@dataclass(frozen=True, eq=False, slots=True)
class Kept:
    """The result for one function, and what it was computed from."""

    paths: FunctionPaths
    used: dict[str, Summary | None]
    members: frozenset[tuple[str, str]]
    files: frozenset[str]
    """Files in which something happens on its paths."""
    handed: dict[str, Value]
    """Its parameters that are limits."""


class Analysis:
    """All functions of a program that have accounting events, own ones or by their callees.

    *counters* as in counters.toml. What is asked of it is noted for ``queries.derived``.
    """

    def __init__(self, program: Program, *, earlier: Analysis | None = None) -> None:
        self._program = program
        self.answers: Answers = Answers(earlier.answers if earlier is not None else None)
        self.counters: Counters = getattr(program, "counters", None) or load_counters()
        self.tables = Tables(self.counters)
        self._earlier = earlier
        self._contents: dict[int, tuple[ir.Function, Contents]] = (
            dict(earlier._contents) if earlier is not None else {}
        )
        self._kept: dict[int, Kept] = dict(earlier._kept) if earlier is not None else {}
        self._done: dict[int, FunctionPaths] = {}
        self._selection = Selection(program, self.tables, self.contents)
        self._selection.charging = self._charging
        self._moves = Moves()
        self._placed: set[int] = set()
        self._by_place: dict[tuple[str, str], list[FunctionPaths]] | None = None
        self._left_out: tuple[set[tuple[str, str]], set[str]] = (set(), set())
        if earlier is not None:
            if program.same_headers:
                self._selection.matches = earlier._selection.matches
                self._selection.weak = dict(earlier._selection.weak)
            self._selection.sites = dict(earlier._selection.sites)
            self._selection.limits = dict(earlier._selection.limits)
            self._left_out = (set(earlier._left_out[0]), set(earlier._left_out[1]))
            self.tables.members |= earlier.tables.members
            self.tables.accounts |= earlier.tables.accounts
        self._run()
        self._callers: dict[int, tuple[CallSite, ...]] | None = None

    @property
    def program(self) -> Program:
        """The functions that it is about, and all others of the tree."""
        return note(_program_of, (), self._program)

    @property
    def functions(self) -> tuple[FunctionPaths, ...]:
        """The functions with events, by file and position."""
        return note(_functions_of, (), self._functions)

    def __getstate__(self) -> dict[str, Any]:
        """Return what is kept in a file: not what is found by ids, nor what can be made again."""
        left_out = ("_callers", "_moves", "_placed", "_by_place", "answers")
        return {key: value for key, value in self.__dict__.items() if key not in left_out}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Become what was kept."""
        self.__dict__.update(state)
        self._contents = {id(each[0].blocks): each for each in self._contents.values()}
        self._kept = {_identity(each.paths.function): each for each in self._kept.values()}
        self._done = {_identity(each.function): each for each in self._done.values()}
        self.answers = Answers()
        self._callers = None
        self._moves = Moves()
        self._placed = set()
        self._by_place = None

    def learned(self) -> tuple[set[tuple[str, str]], set[str]]:
        """Return the members that charges depend on, and the structs that keep accounts, as its
        own functions show them."""
        return find_members(self._done.values(), self.counters)

    def contents(self, function: ir.Function) -> Contents:
        """Return what a function names; found once for the same blocks."""
        key = id(function.blocks)
        known = self._contents.get(key)
        if known is None or known[0].blocks is not function.blocks:
            known = (function, contents(function))
            self._contents[key] = known
        return known[1]

    def _run(self) -> None:
        """Analyse all functions, again when a round has found more that takes part."""
        if not self.tables.members:
            for function in self._bottom_up(self._selection.direct()):
                self.paths_of(function)
            self._learn()
        else:  # whether an edited function charges decides who is looked at
            edited = [f for f in self._selection.direct() if _identity(f) not in self._kept]
            for function in self._bottom_up(edited):
                self.paths_of(function)
        for number in range(_ROUNDS):
            self._done.clear()
            chosen = self._selection.functions()
            self._moves.add(self._moved(chosen))
            for function in self._bottom_up(chosen):
                self.paths_of(function)
            if not self._learn(last=number + 1 == _ROUNDS):
                break
        done = [each for each in self._done.values() if each.problem or _eventful(each)]
        self._earlier = None
        done.sort(key=lambda each: (each.file, each.function.span.start))
        self._functions: tuple[FunctionPaths, ...] = tuple(done)
        self._by_name: dict[str, list[FunctionPaths]] = {}
        for each in done:
            self._by_name.setdefault(each.name, []).append(each)

    def _charging(self, function: ir.Function) -> bool:
        """Tell whether calls of a function change a counter, as far as is known by now."""
        kept = self._kept.get(_identity(function))
        summary = kept.paths.summary if kept is not None else None
        return summary is not None and any(
            isinstance(event, Charge) for case in summary.cases for event in case.events
        )

    def _bottom_up(self, functions: list[ir.Function]) -> list[ir.Function]:
        """Return functions in an order in which callees come before their callers."""
        order: list[ir.Function] = []
        seen: set[int] = set()
        for start in functions:
            stack: list[tuple[ir.Function, list[ir.Function] | None]] = [(start, None)]
            while stack:
                function, below = stack.pop()
                if below is None:
                    if id(function) in seen:
                        continue
                    seen.add(id(function))
                    below = self._selection.callees(function)
                while below and id(below[-1]) in seen:
                    below.pop()
                if below:
                    stack += [(function, below), (below[-1], None)]
                else:
                    order.append(function)
        return order

    def _learn(self, last: bool = False) -> bool:
        """Take in the members that charges depend on; tell whether some are new.

        What only the *last* round finds is left out, in later analyses of edited files too.
        """
        members, tags = find_members(self._done.values(), self.counters)
        members -= self._left_out[0]
        tags -= self._left_out[1]
        if last:
            self._left_out[0].update(members - self.tables.members)
            self._left_out[1].update(tags - self.tables.accounts)
            return False
        new = not (members <= self.tables.members and tags <= self.tables.accounts)
        self.tables.members |= members
        self.tables.accounts |= tags
        if new:
            self._selection.members_changed()
        return new

    def paths_of(self, function: ir.Function) -> FunctionPaths:
        """Return one function's paths."""
        key = _identity(function)
        done = self._done.get(key)
        if done is not None:
            return done
        kept = self._kept.get(key)
        if kept is not None and self._fits(kept, function):
            paths = self._in_place(kept, function)
            self._done[key] = paths
            return paths
        handed = self._selection.handed(function)
        view = View(self.tables, function.path, self.summary_of, handed)
        result = analyse(function, self._program, view)
        before = kept.paths if kept is not None else self._before(function)
        if before is not None:
            result = self._same_version(result, before)
        self._done[key] = result
        members = self._members_of(function)
        self._kept[key] = Kept(result, view.used, members, _files_of(result), handed)
        self._placed.add(key)
        return result

    def _before(self, function: ir.Function) -> FunctionPaths | None:
        """Return the paths that a function had before it was edited."""
        if self._earlier is None:
            return None
        found = self._earlier.by_name(function.path, function.name)
        return found[0] if len(found) == 1 else None

    def by_name(self, path: str, name: str) -> list[FunctionPaths]:
        """Return what is known of the functions of a name in a file, also if that is nothing."""
        if self._by_place is None:
            self._by_place = {}
            for each in self._done.values():
                self._by_place.setdefault((each.file, each.name), []).append(each)
        return self._by_place.get((path, name), [])

    def _same_version(self, now: FunctionPaths, before: FunctionPaths) -> FunctionPaths:
        """Return a result whose summary counts as the earlier one if it says the same.

        Then callers need not be looked at again.
        """
        new, old = now.summary, before.summary
        if new is None or old is None or new.version is old.version:
            return now
        if not new.same(old) and not self._moves.follow(old, new):
            return now
        return replace(now, summary=replace(new, version=old.version))

    def _moved(self, functions: Iterable[ir.Function]) -> Iterator[tuple[ir.Function, ir.Function]]:
        """Yield functions that are somewhere else than when they were analysed."""
        for function in functions:
            kept = self._kept.get(_identity(function))
            if kept is not None and kept.paths.function.span != function.span:
                yield kept.paths.function, function

    def _in_place(self, kept: Kept, function: ir.Function) -> FunctionPaths:
        """Return a kept result with all places as they are now; each moves but once."""
        key = _identity(function)
        if key in self._placed or not kept.files & self._moves.files:
            return kept.paths
        paths = self._moves.paths(kept.paths, function)
        self._kept[key] = replace(kept, paths=paths)
        self._placed.add(key)
        return paths

    def _members_of(self, function: ir.Function) -> frozenset[tuple[str, str]]:
        """Return the accounting members that a function may have to do with."""
        names = self.contents(function).members
        return frozenset(each for each in self.tables.members if each[1] in names)

    def _fits(self, kept: Kept, function: ir.Function) -> bool:
        """Tell whether a kept result is what would come out again."""
        if kept.paths.function.blocks is not function.blocks:
            return False
        if kept.members != self._members_of(function):
            return False
        if kept.handed != self._selection.handed(function):
            return False
        if _identity(function) not in self._placed and self._program.sees_change(function.path):
            return False
        for name, before in kept.used.items():
            now = self.summary_of(name, function.path)
            if now is before:
                continue
            if now is None or before is None or not now.same(before):
                return False
        return True

    def summary_of(self, name: str, seen_from: str) -> Summary | None:
        """Return the summary of what a name means in a file; None if it is of no interest."""
        function = self._selection.callee(name, seen_from)
        if function is None:
            return None
        done = self._done.get(_identity(function))
        return done.summary if done is not None else None

    def function(self, name: str, path: str = "") -> FunctionPaths | None:
        """Return a function by name; with *path* only the one in that file."""
        named = self._by_name.get(name, ())
        found = next((each for each in named if path in ("", each.file)), None)
        return note(Analysis.function, (name, path), found)

    def callers(self, function: FunctionPaths) -> tuple[CallSite, ...]:
        """Return the calls of a function from functions with events, by file and position."""
        if self._callers is None:
            self._callers = self._find_callers()
        found = self._callers.get(id(function.function.blocks), ())
        return note(Analysis.callers, (function,), found)

    def _find_callers(self) -> dict[int, tuple[CallSite, ...]]:
        table: dict[int, list[CallSite]] = {}
        for caller in self._functions:
            for site, name in self._selection.calls(caller.function):
                callee = self._selection.callee(name, caller.file)
                if callee is not None:
                    table.setdefault(id(callee.blocks), []).append(CallSite(caller, site))
        return {key: tuple(sites) for key, sites in table.items()}

    def summary(self, name: str, seen_from: str = "") -> Summary | None:
        """Return the summary of what *name* means in the file *seen_from*; None if it has no
        effects or is not known."""
        return self.summary_of(name, seen_from)

    def problem(self, function: ir.Function) -> str:
        """Return why a function's paths were not all looked at; empty if they were."""
        if function.problem:
            return function.problem
        done = self._done.get(id(function.blocks))
        return done.problem if done is not None else ""

    def events(self, kind: type[Event]) -> Iterator[tuple[FunctionPaths, Path, Event]]:
        """Yield all events of a kind with the functions and paths that they are on."""
        for function in self._functions:
            for path in function.paths:
                for event in path.events:
                    if isinstance(event, kind):
                        yield function, path, event

    def stores(self, tag: str, member: str) -> tuple[tuple[FunctionPaths, Path, Store], ...]:
        """Return all stores to a member, each with function and path."""
        return tuple(
            (function, path, event)
            for function, path, event in self.events(Store)
            if isinstance(event, Store) and (event.tag, event.member) == (tag, member)
        )

    def frees(self, tag: str) -> tuple[FunctionPaths, ...]:
        """Return the functions that themselves free an object of a struct."""
        found = [
            function
            for function, _, event in self.events(Put)
            if isinstance(event, Put) and event.free and event.tag == tag and not event.via
        ]
        return tuple(dict.fromkeys(found))

    def edited(self, files: Mapping[str, bytes]) -> Analysis:
        """Return the analysis with these files' contents replaced; shares all that is the same."""
        return Analysis(self._program.edited(dict(files)), earlier=self)

    def __iter__(self) -> Iterator[FunctionPaths]:
        return iter(self._functions)


def _program_of(analysis: Analysis) -> Program:
    return analysis.program


def _functions_of(analysis: Analysis) -> tuple[FunctionPaths, ...]:
    return analysis.functions


def _files_of(function: FunctionPaths) -> frozenset[str]:
    """Return the files in which something happens on a function's paths."""
    return frozenset({function.file}) | {
        site.file
        for path in (*function.paths, *function.glimpses)
        for event in path.events
        for site in (event.site, *event.via)
    }


def _identity(function: ir.Function) -> int:
    """Return what tells a function from others, and keeps when it moves."""
    return id(function.blocks) if function.blocks else id(function)


def _eventful(function: FunctionPaths) -> bool:
    return any(path.events for path in function.paths)

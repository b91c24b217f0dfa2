# SPDX-License-Identifier: GPL-2.0-only
"""What the execution of one function sees of all others: counters, members, summaries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from patchkit.lint import ir
from patchkit.lint.branching import Branching
from patchkit.lint.counters import Counters
from patchkit.lint.effects import Effects, load_effects
from patchkit.lint.instantiate import Instantiation
from patchkit.lint.state import State
from patchkit.lint.summaries import Summary
from patchkit.lint.values import Value
from patchkit.lint.writing import Writer

SummaryOf = Callable[[str, str], Summary | None]
"""From a name and the file that it is used in to the summary."""


@dataclass(slots=True)
class Tables:
    """What is accounted, by what it is asked for; grows while members are found."""

    counters: Counters
    effects: Effects = field(default_factory=load_effects)
    members: set[tuple[str, str]] = field(default_factory=set)
    """Members that take part in accounting: (tag, member)."""
    accounts: set[str] = field(default_factory=set)
    """Tags of the structs that amounts and owners are kept in."""

    _ids: dict[tuple[str, str], str] = field(default_factory=dict)
    _places: dict[str, tuple[str, str]] = field(default_factory=dict)
    _tags: set[str] = field(default_factory=set)
    _sums: dict[str, tuple[str, ...]] = field(default_factory=dict)
    resources: frozenset[str] = frozenset()
    member_names: frozenset[str] = frozenset()
    companions: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        counters = self.counters
        named = [(each.struct, each.member, each.id) for each in counters.counters]
        named += [(each.struct, each.member, each.id) for each in counters.companions]
        for struct, member, id in named:
            self._ids[struct, member] = id
            self._places[id] = (struct, member)
        self._tags = {each.struct for each in counters.counters} | {"task_struct"}
        self._sums = {name: pair.counters for pair in counters.pairs for name in pair.sum}
        self.resources = frozenset(pair.limit for pair in counters.pairs)
        self.member_names = frozenset(each.member for each in counters.counters)
        self.companions = frozenset(each.member for each in counters.companions)

    def counter(self, tag: str, member: str) -> str:
        """Return a counter's id; empty if the member is none."""
        return self._ids.get((tag, member), "")

    def member_of_counter(self, counter: str) -> tuple[str, str]:
        """Return the struct's tag and the member that a counter is."""
        return self._places[counter]

    def counters_in(self, tag: str) -> tuple[tuple[str, str], ...]:
        """Return (member, id) of all counters in a struct."""
        return tuple((m, id) for (struct, m), id in self._ids.items() if struct == tag)

    def accounting(self, tag: str, member: str) -> bool:
        """Tell whether a member takes part in accounting somewhere."""
        return (tag, member) in self.members

    def watched(self, tag: str) -> bool:
        """Tell whether references to such objects matter."""
        return bool(tag) and (tag in self._tags or tag in self.object_tags())

    def object_tags(self) -> set[str]:
        """Return the tags of the structs that amounts and owners are kept in."""
        return self.accounts

    def sum_of(self, name: str) -> tuple[str, ...]:
        """Return the counters that a function adds up."""
        return self._sums.get(name, ())


class View:
    """The world as one function sees it (``calls.World``); remembers which summaries it used.

    *handed* are its parameters that are limits (``handed.in_file``).
    """

    def __init__(
        self,
        tables: Tables,
        file: str,
        summary_of: SummaryOf,
        handed: Mapping[str, Value] | None = None,
    ) -> None:
        self.effects = tables.effects
        self.handed = handed or {}
        self.tables = tables
        self.used: dict[str, Summary | None] = {}
        self._file = file
        self._summary_of = summary_of
        self.rules = Branching(tables.resources, tables.counter, tables.sum_of)
        self._instantiation = Instantiation(self.rules)
        self.counter = tables.counter
        self.member_of_counter = tables.member_of_counter
        self.counters_in = tables.counters_in
        self.accounting = tables.accounting
        self.watched = tables.watched
        self.keeps = tables.accounts.__contains__

    def summary(self, name: str) -> Summary | None:
        """Return what calls of a function do; None if nothing is known."""
        if name not in self.used:
            self.used[name] = self._summary_of(name, self._file)
        return self.used[name]

    def eventful(self, name: str) -> bool:
        """Tell whether calls of a function make events."""
        summary = self.summary(name)
        return summary is not None and not summary.silent

    def limiting(self, name: str) -> bool:
        """Tell whether a function returns something computed from a limit or a counter."""
        if self.tables.sum_of(name):
            return True
        summary = self.summary(name)
        return summary is not None and any(
            case.result is not None and self._limits(case.result) for case in summary.cases
        )

    def _limits(self, value: Value) -> bool:
        return any(
            (atom.kind == "limit" and atom.tag in self.tables.resources)
            or (atom.kind == "field" and bool(self.tables.counter(atom.tag, atom.name)))
            for atom in value.atoms()
        )

    def instantiate(
        self, call: ir.Call, name: str, args: tuple[Value, ...], state: State, run: Writer
    ) -> list[State] | None:
        """Return the states after a call of a function with a summary; None if it has none."""
        summary = self.summary(name)
        if summary is None or summary.problem or not summary.cases:
            return None
        return self._instantiation.states(summary, call, args, state, run)

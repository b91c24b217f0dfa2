# SPDX-License-Identifier: GPL-2.0-only
"""Which functions of a program are looked at, and what a called name means."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from patchkit.lint import ir, values
from patchkit.lint.conditions import Condition
from patchkit.lint.counters import Counters
from patchkit.lint.events import Charge, Outcome, Site, Store
from patchkit.lint.handed import Handed, in_file
from patchkit.lint.headers import SourceFile
from patchkit.lint.interest import Contents
from patchkit.lint.pathmodel import FunctionPaths
from patchkit.lint.program import Program
from patchkit.lint.values import Atom, Value, tag_of
from patchkit.lint.world import Tables

MOST_CALLERS = 12
"""Callers outside of the program's files; what has more is used by everyone."""
HIGHEST = 4
"""Levels of callers above a function with events of its own."""
MOVING = 2
"""The same above one that moves a companion counter."""
_CORE = frozenset(
    {
        *("page", "folio", "file", "inode", "list_head", "super_block", "dentry", "pid", "cred"),
        *("mm_struct", "vm_area_struct", "user_struct", "vm_area_desc"),
        *("task_struct", "signal_struct", "vm_fault", "device", "kref", "work_struct"),
    }
)
"""Structs of the kernel's core whose members are no account of anybody."""


class Selection:
    """Chooses functions; what is asked of the program is asked once."""

    def __init__(
        self, program: Program, tables: Tables, contents: Callable[[ir.Function], Contents]
    ) -> None:
        self._program = program
        self._tables = tables
        self._contents = contents
        self._callees: dict[tuple[str, str], ir.Function | None] = {}
        self._chosen: list[ir.Function] | None = None
        self.matches: dict[tuple[str, bytes], tuple[object, tuple[ir.Function, ...]]] = {}
        """What searches have found, by file and pattern, with the file as it was."""
        self.weak: dict[str, tuple[object, tuple[ir.Function, ...]]] = {}
        self.sites: dict[int, tuple[ir.Function, tuple[tuple[Site, str], ...]]] = {}
        self.limits: dict[str, tuple[object, Handed]] = {}
        """The limits that the functions of a file hand on, with the file as it was."""
        self._names: set[str] = set()
        self.charging: Callable[[ir.Function], bool] = _never
        """Whether calls of a function change a counter, as far as is known by now."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Find things by what they are now: what is kept in a file does not keep its id."""
        self.__dict__.update(state)
        self.sites = {id(function): (function, calls) for function, calls in self.sites.values()}

    def members_changed(self) -> None:
        """Choose anew: more members take part in accounting than before."""
        self._chosen = None
        self._callees.clear()

    def direct(self) -> list[ir.Function]:
        """Return the functions that have to do with a counter or a limit themselves, or only hand
        on to one that nobody else can call."""
        found = self._strong()
        found += self._wrappers(found)
        self._names = {each.name for each in found}
        return found

    def functions(self) -> list[ir.Function]:
        """Return the functions to look at, in the order of the program's files."""
        if self._chosen is None:
            chosen = self._upward(self._strong())
            for path in self._program.files:
                for function in self._weak(path):
                    chosen.setdefault(_key(function), function)
            moving = [each for each in chosen.values() if self._moves_companion(each)]
            chosen = {**self._upward(moving, MOVING), **chosen}
            self._chosen = sorted(chosen.values(), key=_key)
            self._names = {each.name for each in self._chosen}
            self._callees.clear()
        return self._chosen

    def _strong(self) -> list[ir.Function]:
        """Return the functions that have to do with a counter or a limit themselves."""
        found: list[ir.Function] = []
        for path in self._program.files:
            for function in self._mentioning(path):
                named = self._contents(function)
                if (
                    function.problem
                    or named.members & self._tables.member_names
                    or named.names & self._tables.resources
                ):
                    found.append(function)
        return found

    def _mentioning(self, path: str) -> tuple[ir.Function, ...]:
        file = self._program.source(path)
        known = self.matches.get((path, b""))
        if known is None or known[0] is not file:
            known = (file, self._program.mentioning(path))
            self.matches[path, b""] = known
        return known[1]

    def _moves_companion(self, function: ir.Function) -> bool:
        """Tell whether a function writes a counter that goes along with another one."""
        return bool(self._contents(function).writes & self._tables.companions)

    def _upward(
        self, start: list[ir.Function], levels: int = HIGHEST
    ) -> dict[tuple[str, int], ir.Function]:
        """Return functions and their callers, up to a few levels."""
        chosen = {_key(each): each for each in start}
        level = start
        files = self._program.files
        outside: dict[str, None] = {}
        for _ in range(levels):
            above: list[ir.Function] = []
            for path in (*files, *outside):
                names = {f.name for f in level if _seen_in(f, path)}
                if path in outside:
                    names = {f.name for f in level if f.path == path and _hands_on(f)}
                for caller in self._naming(path, names):
                    if _key(caller) not in chosen and self._contents(caller).calls & names:
                        chosen[_key(caller)] = caller
                        above.append(caller)
            if level is start and levels == HIGHEST:
                for caller in self._elsewhere([*start, *self._wrappers(start)]):
                    if _key(caller) not in chosen:
                        chosen[_key(caller)] = caller
                        above.append(caller)
                        outside.setdefault(caller.path)
            level = above
        return chosen

    def _wrappers(self, functions: list[ir.Function]) -> list[ir.Function]:
        """Return the callers of functions that only do one thing, for their file."""
        inside: dict[str, set[str]] = {}
        known = {_key(each) for each in functions}
        for each in functions:
            if each.path.endswith(".c") and _hands_on(each):
                inside.setdefault(each.path, set()).add(each.name)
        return [
            caller
            for path, names in inside.items()
            for caller in self._naming(path, names)
            if self._contents(caller).calls & names and _key(caller) not in known
        ]

    def _elsewhere(self, functions: list[ir.Function]) -> Iterator[ir.Function]:
        """Yield the callers in other files of functions that charge, if those are few."""
        public = [each for each in functions if _seen_in(each, "")]
        # All at once: after an edit others may charge, and a search costs seconds.
        self._program.prefetch(each.name for each in public)
        wanted = [each for each in public if self.charging(each)]
        inside = set(self._program.files)
        for function in wanted:
            found = self._program.callers(function.name, function.path)
            outside = [each for each in found if each.path not in inside]
            if len(outside) <= MOST_CALLERS:
                yield from (each for each in outside if function.name in self._contents(each).calls)

    def _naming(self, path: str, names: set[str]) -> Iterator[ir.Function]:
        """Yield the functions of a file in whose bodies one of the names stands."""
        file = self._program.source(path)
        names = names & file.identifiers if file is not None else set()
        if names:
            words = "|".join(sorted(re.escape(name) for name in names))
            yield from self._matching(path, re.compile(rf"\b(?:{words})\b".encode()))

    def _matching(self, path: str, pattern: re.Pattern[bytes]) -> Iterator[ir.Function]:
        """Yield the functions of a file in whose bodies a pattern matches."""
        file = self._program.source(path)
        if file is None:
            return
        key = (path, pattern.pattern)
        known = self.matches.get(key)
        if known is None or known[0] is not file:
            known = (file, tuple(self._search(path, file, pattern)))
            self.matches[key] = known
        yield from known[1]

    def _search(
        self, path: str, file: SourceFile, pattern: re.Pattern[bytes]
    ) -> Iterator[ir.Function]:
        seen: set[int] = set()
        for match in pattern.finditer(file.data):
            extent = file.skeleton.function_at(match.start())
            if extent is None or extent.body is None or extent.start in seen:
                continue
            if match.start() > extent.body[0]:
                seen.add(extent.start)
                yield self._program.lowered(path, extent)

    def _weak(self, path: str) -> tuple[ir.Function, ...]:
        """Return the functions of a file that do what accounting elsewhere depends on."""
        file = self._program.source(path)
        tables = self._tables
        by = (file, frozenset(tables.members), frozenset(tables.accounts))
        known = self.weak.get(path)
        if known is None or known[0] != by:
            known = (by, tuple(self._find_weak(path, file)))
            self.weak[path] = known
        return known[1]

    def _find_weak(self, path: str, file: SourceFile | None) -> Iterator[ir.Function]:
        tables = self._tables
        tags = {tag for tag, _ in tables.members}
        tags = {tag for tag in tags if file is not None and tag.encode() in file.data}
        members = sorted({member for tag, member in tables.members if tag in tags})
        if members:
            words = "|".join(members)
            pattern = rf"(?:->|\.)\s*(?:{words})\s*(?:[-+|&]?=(?!=)|\+\+|--)"
            for function in self._matching(path, re.compile(pattern.encode())):
                if self._writes(function):
                    yield function
            puts = "|".join(sorted(tables.effects.puts))
            for function in self._matching(path, re.compile(rf"\b(?:{puts})\s*\(".encode())):
                if self._has_object(function):
                    yield function
        flags = {flag for pair in self._program.counters.pairs for flag in pair.flags.values()}
        setters = "|".join(sorted(tables.effects.flags))
        pattern = rf"(?:->|\.)\s*vm_flags\s*[|&]?=(?!=)|\b(?:{setters})\s*\("
        yield from self._matching(path, re.compile(pattern.encode()))
        words = "|".join(sorted({*tables.companions, *flags, *(_bit(each) for each in flags)}))
        yield from self._matching(path, re.compile(rf"\b(?:{words})\b".encode()))

    def _writes(self, function: ir.Function) -> bool:
        """Tell whether a function writes a member that takes part in accounting."""
        for block in function.blocks:
            for each in block.instructions:
                if isinstance(each, ir.Assign) and isinstance(each.target, ir.Member):
                    member = each.target.field
                    if any(member == name for _, name in self._tables.members):
                        tag = tag_of(self._program.type_of(each.target.base, function))
                        if self._tables.accounting(tag, member):
                            return True
        return False

    def _has_object(self, function: ir.Function) -> bool:
        tags = self._tables.object_tags()
        types = [each.type for each in function.parameters]
        for block in function.blocks:
            types += [each.type for each in block.instructions if isinstance(each, ir.Declare)]
        return any(tag_of(type_) in tags for type_ in types)

    def callee(self, name: str, seen_from: str) -> ir.Function | None:
        """Return the function that a name means in a file, if it is one that matters."""
        key = (name, seen_from)
        if key not in self._callees:
            found = None
            if name in self._names:
                found = self._program.function(name, seen_from)
            self._callees[key] = found
        return self._callees[key]

    def callees(self, function: ir.Function) -> list[ir.Function]:
        """Return the functions that matter among those that a function calls, by name."""
        names = sorted(self._contents(function).calls & self._names)
        found = (self.callee(name, function.path) for name in names)
        return [each for each in found if each is not None]

    def handed(self, function: ir.Function) -> dict[str, Value]:
        """Return the parameters of a function that are a limit in all calls."""
        if not function.static or not function.path.endswith(".c"):
            return {}
        path, tables = function.path, self._tables
        file = self._program.source(path)
        known = self.limits.get(path)
        if known is None or known[0] is not file:
            found = in_file(self._program, path, tables.effects, tables.resources, self._naming)
            known = self.limits[path] = (file, found)
        limits, parameters = known[1].get(function.name, {}), function.parameters
        return {parameters[at].name: value for at, value in limits.items() if at < len(parameters)}

    def calls(self, function: ir.Function) -> tuple[tuple[Site, str], ...]:
        """Return the direct calls of a function with their places."""
        known = self.sites.get(id(function))
        if known is None or known[0] is not function:
            known = self.sites[id(function)] = (function, tuple(self._find_calls(function)))
        return known[1]

    def _find_calls(self, function: ir.Function) -> Iterator[tuple[Site, str]]:
        for block in function.blocks:
            for instruction in block.instructions:
                if isinstance(instruction, ir.Call) and isinstance(instruction.function, ir.Name):
                    span = function.place(instruction.span)
                    yield Site(function.path, function.name, span), instruction.function.id


def _hands_on(function: ir.Function) -> bool:
    """Tell whether a function is part of its callers in all but the text."""
    return function.static and not any(
        isinstance(block.terminator, ir.Branch) for block in function.blocks
    )


def _never(function: ir.Function) -> bool:
    return False


def _seen_in(function: ir.Function, path: str) -> bool:
    """Tell whether a file can call a function: its own, or one of a header, or a global one."""
    return not function.static or function.path == path or function.path.endswith(".h")


def _key(function: ir.Function) -> tuple[str, int]:
    return function.path, function.span.start


def _bit(flag: str) -> str:
    """Return how newer kernels call the bit of ``VM_LOCKED``."""
    return f"VMA_{flag.removeprefix('VM_')}_BIT"


def find_members(
    functions: Iterable[FunctionPaths], counters: Counters
) -> tuple[set[tuple[str, str]], set[str]]:
    """Return the members that charges depend on, and the tags of the structs that hold them.

    They are those in amounts and owners of what is given back, and those of the same structs that
    decide whether something is charged.
    """
    found: set[tuple[str, str]] = set()
    outer: set[tuple[str, str]] = set()
    guards: set[tuple[str, str]] = set()
    holders: set[tuple[str, str]] = set()
    ids = frozenset(each.id for each in counters.counters)
    for function in functions:
        taken = _taken_from(function, ids)
        found |= taken.members
        outer |= taken.outer
        guards |= taken.guards
        holders |= taken.holders
    tags = {tag for tag, _ in outer}
    found |= {each for each in guards if each[0] in tags}
    return found | holders, tags | {tag for tag, _ in holders}


@dataclass(frozen=True, slots=True)
class _Taken:
    """The members that a function gives back from, by *outer* links only, those that decide
    whether it charges, and those that hold an account as a part of an object (*holders*)."""

    members: frozenset[tuple[str, str]]
    outer: frozenset[tuple[str, str]]
    guards: frozenset[tuple[str, str]]
    holders: frozenset[tuple[str, str]]


@functools.lru_cache(maxsize=2048)
def _taken_from(function: FunctionPaths, counters: frozenset[str]) -> _Taken:
    found: set[tuple[str, str]] = set()
    outer: set[tuple[str, str]] = set()
    guards: set[tuple[str, str]] = set()
    holders: set[tuple[str, str]] = set()
    without: set[Condition] = set()
    deciding: set[Condition] = set()
    for path in function.paths:
        charges = [
            each for each in path.events if isinstance(each, Charge) and each.counter in counters
        ]
        for charge in charges:
            holders |= _holding(charge.owner) | _holding(charge.amount)
            if charge.gives_back:
                for value in (charge.amount, charge.owner):
                    found |= _members(value)
                    outer |= _members(value, inner=False)
        for event in path.events if charges else ():
            if isinstance(event, Store):
                holders |= _holding(values.field(event.object, event.tag, event.member))
        if path.outcome != Outcome.FAILURE:
            (deciding if charges else without).update(path.conditions)
    for condition in deciding:
        if condition.negated() in without:
            guards |= _members(condition.value)
    return _Taken(frozenset(found), frozenset(outer), frozenset(guards), frozenset(holders))


def _holding(value: Value) -> set[tuple[str, str]]:
    """Return the members, structs themselves, that what a value is made of lies in."""
    found: set[tuple[str, str]] = set()
    for atom in value.atoms():
        base = atom.args[0].atom if atom.kind == "field" and _account(atom) else None
        while base is not None and base.kind == "address":
            inner = base.args[0].atom
            if inner is None or inner.kind != "field" or not _account(inner):
                break
            found.add((inner.tag, inner.name))
            base = inner.args[0].atom
    return found


def _members(value: Value, inner: bool = True) -> set[tuple[str, str]]:
    """Return the members that a value is made of, and (*inner*) those that point to them."""
    found: set[tuple[str, str]] = set()
    pending = [value]
    while pending:
        for atom in pending.pop().atoms(deep=False):
            if atom.kind != "field":
                pending.extend(atom.args)
                continue
            if _account(atom):
                found.add((atom.tag, atom.name))
            base = atom.args[0].atom
            if inner and base is not None and base.kind == "field" and _account(base):
                found.add((base.tag, base.name))
    return found


def _account(atom: Atom) -> bool:
    return (
        atom.kind == "field"
        and bool(atom.tag)
        and atom.tag not in _CORE
        and not atom.tag.endswith(("_ops", "_operations"))
    )

# SPDX-License-Identifier: GPL-2.0-only
"""What one function does with charged objects that others make and release: gets and keeps them in
members, releases them, moves them, or loses them on an error path.

These functions need name no counter; what they assign and call is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from patchkit.lint import ir
from patchkit.lint.analysis import Analysis
from patchkit.lint.effects import load_effects
from patchkit.lint.holding import Calls, Loss, losses
from patchkit.lint.slicing import parts
from patchkit.lint.values import tag_of

_ROUNDS = 3
"""Calls of calls that are followed."""

Member = tuple[str, str]


@dataclass(slots=True)
class Kind:
    """Objects of one struct: who gets them, who releases them, by name, with their files."""

    tag: str
    getters: dict[str, str] = field(default_factory=dict)
    releasers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Facts:
    """What one function does. *kept* has, for each object that it gets, the members that it is put
    into and where; *released* members are those that are not among what it *sets* itself. *used*
    are functions that were looked at for this, with their blocks, held so that ids stay theirs."""

    function: ir.Function
    kept: tuple[dict[Member, ir.Span], ...] = ()
    released: frozenset[Member] = frozenset()
    sets: frozenset[Member] = frozenset()
    moved: frozenset[tuple[Member, Member]] = frozenset()
    lost: tuple[Loss, ...] = ()
    used: dict[tuple[str, str], object] = field(default_factory=dict)


_memory: dict[tuple[int, str, frozenset[str]], Facts] = {}
_MOST = 2000


def facts_of(analysis: Analysis, kind: Kind, function: ir.Function) -> Facts:
    """Return what a function does with objects, worked out once for the same text."""
    names = frozenset(kind.getters) | frozenset(kind.releasers)
    key = (id(function.blocks), kind.tag, names)
    facts = _memory.get(key)
    if facts is None or not _fits(analysis, facts, function):
        if len(_memory) > _MOST:
            _memory.clear()
        facts = _memory[key] = _Reader(analysis, kind, function).read()
    return facts


def _fits(analysis: Analysis, facts: Facts, function: ir.Function) -> bool:
    """Tell whether a function and all that it calls are those that facts are about."""
    if facts.function.blocks is not function.blocks:
        return False
    for (name, seen_from), blocks in facts.used.items():
        found = analysis.program.function(name, seen_from)
        if (found.blocks if found is not None else None) is not blocks:
            return False
    return True


class _Reader:
    """Reads one function."""

    def __init__(self, analysis: Analysis, kind: Kind, function: ir.Function) -> None:
        self._program = analysis.program
        self._kind = kind
        self._facts = Facts(function)

    def read(self) -> Facts:
        function, facts = self._facts.function, self._facts
        facts.moved = self._moves()
        facts.released = self._releases()
        if any(name in self._kind.getters for _, name in calls_in(function)):
            facts.kept = tuple(filter(None, self._keeps().values()))
            facts.lost = self._loses()
        return facts

    def _callee(self, name: str, seen_from: str) -> ir.Function | None:
        found = self._program.function(name, seen_from)
        self._facts.used[name, seen_from] = found.blocks if found is not None else None
        return found

    def _member(self, target: ir.Member, function: ir.Function) -> Member:
        return tag_of(self._program.type_of(target.base, function)), target.field

    # Getting and keeping

    def _keeps(self) -> dict[int, dict[Member, ir.Span]]:
        """Return the members that objects are put into, by the call that gets them. Where a
        variable holds one after the other, it is the last one."""
        function = self._facts.function
        holds: dict[str, int] = {}
        kept: dict[int, dict[Member, ir.Span]] = {}
        number = 0
        for block in function.blocks:
            for each in block.instructions:
                match each:
                    case ir.Call(ir.Name(name), _, ir.Name(result)) if name in self._kind.getters:
                        number += 1
                        holds[result] = number
                        kept[number] = {}
                    case ir.Call(ir.Name(name), arguments):
                        self._hands(name, arguments, each.span, holds, kept)
                    case ir.Assign(ir.Name(target), value):
                        at = holds.get(name_of(value))
                        if at is not None:
                            holds[target] = at
                        elif not isinstance(value, ir.Number):
                            holds.pop(target, None)
                    case ir.Assign(ir.Member() as target, value) if name_of(value) in holds:
                        member = self._member(target, function)
                        if member[0] and member[0] != self._kind.tag:
                            kept[holds[name_of(value)]].setdefault(member, each.span)
                    case _:
                        pass
        return kept

    def _hands(
        self,
        name: str,
        arguments: tuple[ir.Expr, ...],
        span: ir.Span,
        holds: dict[str, int],
        kept: dict[int, dict[Member, ir.Span]],
    ) -> None:
        """Note the members that a function of the same file sets to an object it is handed."""
        function = self._facts.function
        places = [at for at, each in enumerate(arguments) if name_of(each) in holds]
        if not places or name in self._kind.releasers:
            return
        callee = self._callee(name, function.path)
        if callee is None or callee.path != function.path:
            return
        for at in places:
            if at >= len(callee.parameters):
                continue
            copies = _copies(callee, [callee.parameters[at].name])
            for each in _assigned(callee):
                if isinstance(each.target, ir.Member) and name_of(each.value) in copies:
                    member = self._member(each.target, callee)
                    if member[0] and member[0] != self._kind.tag:
                        kept[holds[name_of(arguments[at])]].setdefault(member, span)

    # Losing

    def _loses(self) -> tuple[Loss, ...]:
        """Return where the function fails and has lost an object, by kind of holder once."""
        puts = load_effects().puts
        path = self._facts.function.path
        calls = Calls(
            self._kind.releasers,
            lambda name: self._leads(name, path),
            lambda name, position: self._takes(name, position, path),
            lambda name: puts[name].argument if name in puts and puts[name].free else -1,
        )
        found: dict[tuple[str, bool], Loss] = {}
        for got, name in calls_in(self._facts.function):
            if name in self._kind.getters:
                for loss in losses(self._facts.function, got, calls):
                    found.setdefault((loss.member, loss.replaced), loss)
        return tuple(found.values())

    def _leads(self, name: str, seen_from: str, depth: int = _ROUNDS) -> bool:
        """Tell whether a function may release an object, by what it calls."""
        if name in self._kind.releasers or not depth:
            return False
        callee = self._callee(name, seen_from)
        if callee is None:
            return False
        called = {each for _, each in calls_in(callee)}
        if called & self._kind.releasers.keys():
            return True
        return any(self._leads(each, callee.path, depth - 1) for each in sorted(called))

    def _takes(self, name: str, position: int, seen_from: str, depth: int = _ROUNDS) -> bool:
        """Tell whether a function may put an argument somewhere, or hand it on to one that does."""
        callee = self._callee(name, seen_from)
        if callee is None or position >= len(callee.parameters) or not depth:
            return True
        held = _copies(callee, [callee.parameters[position].name])
        if any(
            name_of(each.value) in held and not isinstance(each.target, ir.Name)
            for each in _assigned(callee)
        ):
            return True
        for block in callee.blocks:
            end = block.terminator
            if isinstance(end, ir.Return) and end.value is not None and name_of(end.value) in held:
                return True
        return any(
            name_of(argument) in held and self._takes(called, at, callee.path, depth - 1)
            for call, called in calls_in(callee)
            for at, argument in enumerate(call.arguments)
        )

    # Releasing and moving

    def _moves(self) -> frozenset[tuple[Member, Member]]:
        """Return the members whose value is put into another member."""
        function = self._facts.function
        return frozenset(
            (self._member(each.value, function), self._member(each.target, function))
            for each in _assigned(function)
            if isinstance(each.target, ir.Member) and isinstance(each.value, ir.Member)
        )

    def _releases(self) -> frozenset[Member]:
        """Return the members whose objects are released, without a tag where that is open; not
        those that the function itself sets to something."""
        function = self._facts.function
        found: set[Member] = set()
        own: set[Member] = set()
        sources: dict[str, list[ir.Expr]] = {}
        for each in _assigned(function):
            if isinstance(each.target, ir.Name):
                sources.setdefault(each.target.id, []).append(each.value)
            elif isinstance(each.target, ir.Member) and not isinstance(each.value, ir.Number):
                own.add(self._member(each.target, function))
        for call, name in calls_in(function):
            if name not in self._kind.releasers:
                continue
            pending = list(call.arguments)
            seen: set[str] = set()
            while pending:
                for part in parts(pending.pop()):
                    if isinstance(part, ir.Member):
                        found.add(self._member(part, function))
                    elif isinstance(part, ir.Name) and part.id not in seen:
                        seen.add(part.id)
                        pending += sources.get(part.id, ())
        self._facts.sets = frozenset(own)
        return frozenset(found - own)


def calls_in(function: ir.Function) -> Iterator[tuple[ir.Call, str]]:
    """Yield the direct calls of a function with the names that they call."""
    for block in function.blocks:
        for each in block.instructions:
            if isinstance(each, ir.Call) and isinstance(each.function, ir.Name):
                yield each, each.function.id


def name_of(expression: ir.Expr) -> str:
    """Return the variable that an expression is, casts apart; empty if it is none."""
    while isinstance(expression, ir.Cast):
        expression = expression.operand
    return expression.id if isinstance(expression, ir.Name) else ""


def _assigned(function: ir.Function) -> Iterator[ir.Assign]:
    for block in function.blocks:
        for each in block.instructions:
            if isinstance(each, ir.Assign):
                yield each


def _copies(function: ir.Function, names: Iterable[str]) -> set[str]:
    """Return variables, and those that they are copied to."""
    known = set(names)
    for _ in range(_ROUNDS):
        before = len(known)
        for each in _assigned(function):
            if isinstance(each.target, ir.Name) and name_of(each.value) in known:
                known.add(each.target.id)
        if len(known) == before:
            break
    return known

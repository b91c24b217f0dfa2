# SPDX-License-Identifier: GPL-2.0-only
"""What of a function matters to accounting: the rest is not executed.

Events matter, and return values; so does what they read, and every branch that decides whether
something that matters is reached. Variables count as a whole, wherever they are set. A branch that
does not matter is replaced by a jump to where its arms meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from patchkit.lint import ir
from patchkit.lint.graph import Graph


class Interest(Protocol):
    """Says what is an event."""

    def event(self, instruction: ir.Instruction) -> bool:
        """Tell whether an instruction makes an event or stores what matters elsewhere."""

    def minor(self, instruction: ir.Instruction) -> bool:
        """Tell whether an event is of interest only besides others."""

    def limit(self, expression: ir.Expr) -> bool:
        """Tell whether an expression reads a limit."""

    def limit_call(self, call: ir.Call) -> bool:
        """Tell whether a call returns a limit."""

    def witness(self, instruction: ir.Instruction) -> bool:
        """Tell whether an instruction is shown where a path comes by, but is no reason to look."""

    def arguments(self, call: ir.Call) -> Iterable[ir.Expr]:
        """Return the arguments that the effects or the result of a call depend on."""


def parts(expression: ir.Expr) -> Iterator[ir.Expr]:
    """Yield an expression and all below it."""
    pending = [expression]
    while pending:
        here = pending.pop()
        yield here
        match here:
            case ir.Member(base):
                pending.append(base)
            case ir.Index(base, index):
                pending += (base, index)
            case ir.Unary(_, operand) | ir.Cast(_, operand):
                pending.append(operand)
            case ir.Binary(_, left, right):
                pending += (left, right)
            case ir.Apply(_, arguments):
                pending.extend(arguments)
            case _:
                pass


def names_in(expression: ir.Expr) -> set[str]:
    """Return the names that an expression reads; members are ``.member``."""
    found: set[str] = set()
    for each in parts(expression):
        if isinstance(each, ir.Name):
            found.add(each.id)
        elif isinstance(each, ir.Member):
            found.add(f".{each.field}")
    return found


def warns(block: ir.Block) -> bool:
    """Tell whether a block begins with the complaint of ``WARN_ON``."""
    first = block.instructions[0] if block.instructions else None
    return isinstance(first, ir.Mention) and first.what == ir.Apply("WARN", ())


def root_name(expression: ir.Expr) -> str:
    """Return the variable that ``a.b[i].c`` is part of; empty if it is not part of a variable."""
    while True:
        match expression:
            case ir.Name(id):
                return id
            case ir.Member(base, _, False) | ir.Index(base, _) | ir.Cast(_, base):
                expression = base
            case _:
                return ""


def addressed(expressions: Iterable[ir.Expr]) -> Iterator[str]:
    """Yield the variables whose address is among or in the expressions."""
    for expression in expressions:
        for each in parts(expression):
            if isinstance(each, ir.Unary) and each.op == "&":
                name = root_name(each.operand)
                if name:
                    yield name


Place = tuple[int, int]
"""A block and the position of an instruction in it."""


@dataclass(slots=True)
class Slice:
    """What is left of a function.

    *kept* holds each block's instructions that matter; *branches* the blocks whose branch does;
    *join* each block's nearest postdominator (-1: the exit), where to go on from other branches.
    *live* are the variables whose values still matter at a block's start. *amounts* are those that
    take part in more than conditions and return values. *steps* maps the head of each loop to the
    variables and members that are stepped in it (``n += …``), by their text.
    """

    kept: dict[int, list[ir.Instruction]]
    branches: set[int]
    join: dict[int, int]
    live: dict[int, frozenset[str]]
    amounts: set[str]
    locals: dict[str, str] = field(default_factory=dict)
    steps: dict[int, frozenset[ir.Expr]] = field(default_factory=dict)


class Slicer:
    """Finds the slice of one function."""

    def __init__(self, function: ir.Function, graph: Graph, interest: Interest) -> None:
        self._blocks = function.blocks
        self._graph = graph
        self._interest = interest
        self._join = graph.postdominators()
        self._controls = graph.controls(self._join)
        self._writers: dict[str, list[Place]] = {}
        self._relevant: set[Place] = set()
        self._branches: set[int] = set()
        self._names: set[str] = set()
        self._limited: set[str] = set()
        self._amounts: set[str] = set()
        self.idle = False
        """Whether there is nothing in the function that matters."""

    def slice(self) -> Slice:
        """Return the slice."""
        self._find_writers()
        self._find_limited()
        seeds = self._seeds()
        self.idle = not (seeds or self._limited or self._checks())
        for block, position in () if self.idle else seeds:
            self._keep(block, position, amount=True)
        for block in self._graph.order:
            self._keep_end(block)
        kept = {
            block: [
                instruction
                for position, instruction in enumerate(self._blocks[block].instructions)
                if (block, position) in self._relevant
                or isinstance(instruction, ir.Declare)
                or self._interest.witness(instruction)
            ]
            for block in self._graph.order
        }
        declared = {
            each.name: each.type
            for block in self._graph.order
            for each in self._blocks[block].instructions
            if isinstance(each, ir.Declare)
        }
        steps = {head: self._stepped(body, kept) for head, body in self._graph.loops.items()}
        live = self._liveness(kept)
        return Slice(kept, self._branches, self._join, live, self._amounts, declared, steps)

    def _seeds(self) -> list[Place]:
        """Return the events; none if all of them are of interest only besides others."""
        found: list[Place] = []
        major = bool(self._limited)
        for block in self._graph.order:
            for position, instruction in enumerate(self._blocks[block].instructions):
                if self._interest.event(instruction):
                    found.append((block, position))
                    major = major or not self._interest.minor(instruction)
        return found if major or self._checks() else []

    def _checks(self) -> bool:
        """Tell whether a limit or a counter is tested or returned."""
        for block in self._graph.order:
            end = self._blocks[block].terminator
            if isinstance(end, ir.Branch) and self._from_limit(end.condition):
                return True
            if isinstance(end, ir.Return) and end.value is not None and self._from_limit(end.value):
                return True
        return False

    def _find_writers(self) -> None:
        for block in self._graph.order:
            for position, instruction in enumerate(self._blocks[block].instructions):
                for name in _written(instruction):
                    self._writers.setdefault(name, []).append((block, position))

    def _find_limited(self) -> None:
        """Find the variables that hold something computed from a limit."""
        changed = True
        while changed:
            changed = False
            for name, places in self._writers.items():
                if name not in self._limited and any(self._sets_limit(each) for each in places):
                    self._limited.add(name)
                    changed = True

    def _sets_limit(self, place: Place) -> bool:
        instruction = self._blocks[place[0]].instructions[place[1]]
        if isinstance(instruction, ir.Assign):
            return self._from_limit(instruction.value)
        return isinstance(instruction, ir.Call) and self._interest.limit_call(instruction)

    def _from_limit(self, expression: ir.Expr) -> bool:
        return self._interest.limit(expression) or any(
            isinstance(each, ir.Name) and each.id in self._limited for each in parts(expression)
        )

    def _keep_end(self, block: int) -> None:
        """Keep a block's return, and its branch if that is a limit check."""
        end = self._blocks[block].terminator
        if isinstance(end, ir.Return) and end.value is not None:
            self._need(end.value)
            self._keep_controls(block)
        elif (
            isinstance(end, ir.Branch)
            and self._from_limit(end.condition)
            and not warns(self._blocks[end.then])
        ):
            self._keep_branch(block)
            self._amounts |= names_in(end.condition)

    def _keep(self, block: int, position: int, amount: bool = False) -> None:
        """Keep instructions, what they need and what decides over them, until nothing is new."""
        if (block, position) in self._relevant:
            return
        pending = [(block, position)]
        while pending:
            place = pending.pop()
            if place in self._relevant:
                continue
            self._relevant.add(place)
            instruction = self._blocks[place[0]].instructions[place[1]]
            for expression in self._read(instruction):
                names = names_in(expression)
                if amount:
                    self._amounts |= names
                pending.extend(self._new_writers(names))
            pending.extend(self._new_controls(place[0]))

    def _read(self, instruction: ir.Instruction) -> Iterator[ir.Expr]:
        match instruction:
            case ir.Assign(target, value):
                yield value
                if not isinstance(target, ir.Name):
                    yield target
            case ir.Call(function, _):
                yield from self._interest.arguments(instruction)
                if not isinstance(function, ir.Name):
                    yield function
            case _:
                pass

    def _new_writers(self, names: set[str]) -> list[Place]:
        fresh = names - self._names
        self._names |= fresh
        return [place for name in sorted(fresh) for place in self._writers.get(name, ())]

    def _new_controls(self, block: int) -> list[Place]:
        """Keep the branches that decide over a block; return what sets their conditions."""
        found: list[Place] = []
        pending = [block]
        while pending:
            for branch in self._controls[pending.pop()]:
                if branch in self._branches:
                    continue
                self._branches.add(branch)
                end = self._blocks[branch].terminator
                if isinstance(end, ir.Branch):
                    found += self._new_writers(names_in(end.condition))
                pending.append(branch)
        return found

    def _keep_all(self, places: list[Place]) -> None:
        for block, position in places:
            self._keep(block, position)

    def _need(self, expression: ir.Expr) -> None:
        self._keep_all(self._new_writers(names_in(expression)))

    def _keep_controls(self, block: int) -> None:
        self._keep_all(self._new_controls(block))

    def _keep_branch(self, block: int) -> None:
        end = self._blocks[block].terminator
        if block in self._branches or not isinstance(end, ir.Branch):
            return
        self._branches.add(block)
        self._need(end.condition)
        self._keep_controls(block)

    def _stepped(
        self, body: frozenset[int], kept: dict[int, list[ir.Instruction]]
    ) -> frozenset[ir.Expr]:
        """Return what is assigned from itself in a loop."""
        found: set[ir.Expr] = set()
        for block in body:
            for instruction in kept[block]:
                if isinstance(instruction, ir.Assign) and any(
                    each == instruction.target for each in parts(instruction.value)
                ):
                    found.add(instruction.target)
        return frozenset(found)

    def _liveness(self, kept: dict[int, list[ir.Instruction]]) -> dict[int, frozenset[str]]:
        """Return the variables that are read later, by block; those with an address always are."""
        always: set[str] = set()
        uses: dict[int, set[str]] = {}
        sets: dict[int, set[str]] = {}
        for block in self._graph.order:
            used, written = self._traffic(block, kept[block], always)
            uses[block], sets[block] = used, written
        live: dict[int, frozenset[str]] = {block: frozenset() for block in self._graph.order}
        changed = True
        while changed:
            changed = False
            for block in reversed(self._graph.order):
                after: set[str] = set()
                for way in self._ways(block):
                    after |= live[way]
                now = frozenset(uses[block] | (after - sets[block]) | always)
                if now != live[block]:
                    live[block] = now
                    changed = True
        return live

    def _ways(self, block: int) -> tuple[int, ...]:
        if block not in self._branches and len(self._graph.after[block]) > 1:
            return (self._join[block],) if self._join[block] >= 0 else ()
        return self._graph.after[block]

    def _traffic(
        self, block: int, kept: list[ir.Instruction], always: set[str]
    ) -> tuple[set[str], set[str]]:
        """Return the variables that a block reads before it sets them, and those it sets."""
        used: set[str] = set()
        written: set[str] = set()

        def read(expression: ir.Expr) -> None:
            used.update(names_in(expression) - written)
            always.update(addressed((expression,)))

        for instruction in kept:
            for expression in self._read(instruction):
                read(expression)
            if isinstance(instruction, ir.Assign) and isinstance(instruction.target, ir.Name):
                written.add(instruction.target.id)
            elif isinstance(instruction, ir.Call):
                always.update(addressed(instruction.arguments))
                if instruction.result is not None:
                    written.add(instruction.result.id)
        end = self._blocks[block].terminator
        if isinstance(end, ir.Branch) and block in self._branches:
            read(end.condition)
        elif isinstance(end, ir.Return) and end.value is not None:
            read(end.value)
        return used, written


def _written(instruction: ir.Instruction) -> Iterator[str]:
    """Yield the variables that an instruction may set."""
    match instruction:
        case ir.Assign(target):
            name = root_name(target)
            if name:
                yield name
            if isinstance(target, ir.Member):
                yield f".{target.field}"
        case ir.Call(_, arguments, result):
            if result is not None:
                yield result.id
            yield from addressed(arguments)
        case _:
            pass

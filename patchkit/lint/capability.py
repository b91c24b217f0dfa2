# SPDX-License-Identifier: GPL-2.0-only
"""Members that remember whether somebody had a capability.

Some drivers ask once, when an object is made, and remember the answer: as a bool
(``dma->lock_cap = capable(CAP_IPC_LOCK)``), or by what they set only if the capability is lacking
(``if (!capable(CAP_IPC_LOCK)) ctx->user = get_uid(current_user())``). A check that depends on such
a member has asked.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from patchkit.lint import ir, scope
from patchkit.lint.analysis import Analysis, Path
from patchkit.lint.callgraph import names_in
from patchkit.lint.events import Assume, Check
from patchkit.lint.program import Program
from patchkit.lint.values import Atom, Value, tag_of
from patchkit.tree.source import OverlayTree, Tree


@dataclass(frozen=True, eq=False, slots=True)
class Derived:
    """The members, as (tag, member), whose value depends on a capability."""

    analysis: Analysis
    members: frozenset[tuple[str, str]]

    def decide(self, path: Path, check: Check) -> bool:
        """Tell whether such a member has decided that the check is made, or whose usage counts."""
        file = path.function.path
        if any(self._in(owner, file) for _, owner in check.counters):
            return True
        return any(
            isinstance(event, Assume) and self._in(event.condition.value, "")
            for event in path.events
        )

    def _in(self, value: Value, file: str) -> bool:
        return any(atom.kind == "field" and self._is(atom, file) for atom in value.atoms())

    def _is(self, atom: Atom, file: str) -> bool:
        """Tell whether a member is one of these, or in *file* only ever a copy of one."""
        if (atom.tag, atom.name) in self.members:
            return True
        if not file or not any(atom.name == name for _, name in self.members):
            return False
        program = self.analysis.program
        copies = [
            each.value
            for function in program.mentioning(file, (atom.name,))
            for block in function.blocks
            for each in block.instructions
            if isinstance(each, ir.Assign)
            and isinstance(each.target, ir.Member)
            and each.target.field == atom.name
            and tag_of(program.type_of(each.target.base, function)) == atom.tag
        ]
        return bool(copies) and all(
            isinstance(each, ir.Member) and each.field == atom.name for each in copies
        )


_Members = frozenset[tuple[str, str]]

_known: dict[int, tuple[object, str, _Members]] = {}
"""What functions set by a capability, by their blocks, which stay the same between edits."""

_TREES = 8
_searched: dict[tuple[int, str], tuple[Tree, tuple[str, ...]]] = {}
"""What the last trees' searches found."""


@functools.lru_cache(maxsize=8)
def derived(analysis: Analysis, capability: str) -> Derived:
    """Return the members that depend on *capability*, in all files that name it."""
    program = analysis.program
    members: set[tuple[str, str]] = set()
    for file in _files(program.tree, capability, tuple(analysis.counters.outside)):
        for function in program.mentioning(file, (capability,)):
            members |= _of_function(program, function, capability)
    return Derived(analysis, frozenset(members))


def _files(tree: Tree, word: str, outside: tuple[str, ...]) -> tuple[str, ...]:
    """Return the C files that contain a word; of an edited tree those of the base, and edited."""
    known = _searched.get((id(tree), word))
    if known is None or known[0] is not tree:
        while len(_searched) >= _TREES:
            _searched.pop(next(iter(_searched)))
        known = _searched[(id(tree), word)] = (tree, _search(tree, word, outside))
    return known[1]


def _search(tree: Tree, word: str, outside: tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(tree, OverlayTree):
        found = set(_files(tree.base, word, outside)) - set(tree.changes)
        for path, data in tree.changes.items():
            if data is not None and word.encode() in data and not path.startswith(outside):
                found.add(path)
        return tuple(sorted(path for path in found if path.endswith(".c")))
    found_paths = scope.search(tree, [word.encode()], outside)
    return tuple(path for path in found_paths if path.endswith(".c"))


def _of_function(program: Program, function: ir.Function, capability: str) -> _Members:
    """Return the members that a function sets by the capability."""
    key = id(function.blocks)
    known = _known.get(key)
    if known is not None and known[0] is function.blocks and known[1] == capability:
        return known[2]
    found: set[tuple[str, str]] = set()
    for target in _targets(function, capability):
        tag = tag_of(program.type_of(target.base, function))
        if tag:
            found.add((tag, target.field))
    _known[key] = (function.blocks, capability, frozenset(found))
    return _known[key][2]


def _targets(function: ir.Function, capability: str) -> Iterator[ir.Member]:
    """Yield the members that a function sets to, or because of, a capability test's result."""
    known = _answers(function, capability)
    if not known:
        return
    for block in function.blocks:
        for instruction in block.instructions:
            if (
                isinstance(instruction, ir.Assign)
                and isinstance(instruction.target, ir.Member)
                and names_in(instruction.value) & known
            ):
                yield instruction.target
        branch = block.terminator
        if isinstance(branch, ir.Branch) and names_in(branch.condition) & known:
            for arm, other in ((branch.then, branch.other), (branch.other, branch.then)):
                if _refuses(function, other):
                    continue
                for number in _reached(function, arm) - _reached(function, other):
                    for instruction in function.blocks[number].instructions:
                        if isinstance(instruction, ir.Assign) and isinstance(
                            instruction.target, ir.Member
                        ):
                            yield instruction.target


def _answers(function: ir.Function, capability: str) -> frozenset[str]:
    """Return the locals that hold the result of a test of the capability."""
    known: set[str] = set()
    for block in function.blocks:
        for instruction in block.instructions:
            if isinstance(instruction, ir.Call) and isinstance(instruction.function, ir.Name):
                if instruction.result is not None and any(
                    isinstance(each, ir.Name) and each.id == capability
                    for each in instruction.arguments
                ):
                    known.add(instruction.result.id)
            elif (
                isinstance(instruction, ir.Assign)
                and isinstance(instruction.target, ir.Name)
                and names_in(instruction.value) & known
            ):
                known.add(instruction.target.id)
    return frozenset(known)


def _reached(function: ir.Function, start: int) -> frozenset[int]:
    """Return the blocks that can be reached from one."""
    seen: set[int] = set()
    pending = [start]
    while pending:
        number = pending.pop()
        if number in seen:
            continue
        seen.add(number)
        match function.blocks[number].terminator:
            case ir.Jump(to):
                pending.append(to)
            case ir.Branch(_, then, other):
                pending += [then, other]
            case _:
                pass
    return frozenset(seen)


def _refuses(function: ir.Function, start: int) -> bool:
    """Tell whether a block does nothing but return an error."""
    number = start
    for _ in range(4):
        block = function.blocks[number]
        match block.terminator:
            case ir.Return(value):
                return isinstance(value, ir.Unary) and value.op == "-"
            case ir.Jump(to):
                number = to
            case _:
                return False
    return False

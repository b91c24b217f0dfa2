# SPDX-License-Identifier: GPL-2.0-only
"""Paths on which a function loses a charged object that it has got.

Drivers that name no counter get an object from a function that charges, and hand it to one that
gives back. Their paths need no values for that: it is enough to follow which variables and members
hold the object, and what the path knows of errors, from the call that gets it to a return. What the
walk does not understand (the object goes to a function that may keep it, a pointer to a function)
ends a path without a finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

from patchkit.lint import ir
from patchkit.lint.slicing import parts

_MOST_STEPS = 3000
_ERRORS = ("PTR_ERR", "PTR_ERR_OR_ZERO", "IS_ERR", "IS_ERR_OR_NULL", "ERR_CAST", "ERR_PTR")


@dataclass(frozen=True, slots=True)
class Calls:
    """What the walk has to know of calls, by name.

    *releases* gives the object back that it is handed, *may_release* some object, *keeps* may put
    the argument of a position elsewhere, *frees* is the position of what a function frees, or -1.
    """

    releases: Collection[str]
    may_release: Callable[[str], bool]
    keeps: Callable[[str, int], bool]
    frees: Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Loss:
    """A failing return behind which nobody has the object any more; *member* had it last, empty
    for a variable. Where it is *replaced*, a member that had one is set to another."""

    member: str
    span: ir.Span
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class _State:
    """What a path knows. *held* is None before the object is got, and empty once it is released;
    *signs* are those of variables (-1, 0, 1, or 2 for anything but 0). *used* are the members that
    something has been done with before, *full* those of them that have their object still."""

    held: frozenset[ir.Expr] | None = None
    gone: bool = False
    suspects: frozenset[str] = frozenset()
    freed: frozenset[ir.Expr] = frozenset()
    signs: frozenset[tuple[str, int]] = frozenset()
    decided: frozenset[tuple[ir.Expr, bool]] = frozenset()
    used: frozenset[ir.Expr] = frozenset()
    full: frozenset[ir.Expr] = frozenset()

    def sign(self, name: str) -> int | None:
        return next((sign for known, sign in self.signs if known == name), None)

    def signed(self, name: str, sign: int | None) -> _State:
        signs = frozenset(each for each in self.signs if each[0] != name)
        return replace(self, signs=signs if sign is None else signs | {(name, sign)})

    def changed(self, target: ir.Expr) -> _State:
        """Return the state in which nothing is known any more of conditions on *target*."""
        decided = frozenset(each for each in self.decided if not _names(each[0], target))
        return self if decided == self.decided else replace(self, decided=decided)


def losses(function: ir.Function, got: ir.Call, calls: Calls) -> tuple[Loss, ...]:
    """Return where a function fails and has lost what the call *got* has returned, once each."""
    if got.result is None:
        return ()
    return _Walk(function, got, calls).run()


class _Walk:
    """One walk through all paths of a function, equal states of a block once."""

    def __init__(self, function: ir.Function, got: ir.Call, calls: Calls) -> None:
        self._function = function
        self._got = got
        self._calls = calls
        conditions = Counter(
            block.terminator.condition
            for block in function.blocks
            if isinstance(block.terminator, ir.Branch)
        )
        self._repeated = {each for each, number in conditions.items() if number > 1}
        self._targets = {
            each.target
            for block in function.blocks
            for each in block.instructions
            if isinstance(each, ir.Assign) and isinstance(each.target, ir.Member)
        }
        self._lost: list[tuple[_State, ir.Return]] = []
        self._undone: set[ir.Expr] = set()
        self._replaced: dict[str, Loss] = {}

    def run(self) -> tuple[Loss, ...]:
        seen: set[tuple[int, _State]] = set()
        pending: list[tuple[int, _State]] = [(0, _State())]
        while pending:
            where, state = pending.pop()
            if (where, state) in seen or where < 0:
                continue
            seen.add((where, state))
            if len(seen) > _MOST_STEPS:
                return ()
            pending += self._block(self._function.blocks[where], state)
        found = {
            (member, end.span): Loss(member, end.span)
            for state, end in self._lost
            if (member := self._lost_by(state)) is not None
        }
        return (*found.values(), *self._replaced.values())

    def _lost_by(self, state: _State) -> str | None:
        """Return the member that had the object, empty for a variable; None if it is not lost."""
        assert state.held
        members = [each for each in state.held if not isinstance(each, ir.Name)]
        if not members:
            return ""
        for each in members:
            if not isinstance(each, ir.Member):
                return None
            undone = each in self._undone and each not in state.used
            if not undone and each.base not in state.freed:
                return None
        return min(each.field for each in members if isinstance(each, ir.Member))

    def _block(self, block: ir.Block, state: _State) -> Iterator[tuple[int, _State]]:
        """Yield where a path goes on behind a block, and in which state."""
        for each in block.instructions:
            now = self._instruction(each, state)
            if now is None:
                return
            state = now
        match block.terminator:
            case ir.Jump(to):
                yield to, state
            case ir.Branch() as branch:
                yield from self._branch(branch, state)
            case ir.Return() as end if state.held is not None and self._fails(end.value, state):
                if state.gone:
                    self._undone |= state.held
                elif state.held:
                    self._lost.append((state, end))
            case _:
                pass

    def _instruction(self, instruction: ir.Instruction, state: _State) -> _State | None:
        """Return the state after an instruction; None if the path need not be followed."""
        state = self._use(instruction, state)
        match instruction:
            case ir.Assign(target, value):
                now = self._assign(target, _plain(value), state)
                if now is not None and target in state.full and target in (now.held or ()):
                    assert isinstance(target, ir.Member)
                    loss = Loss(target.field, instruction.span, replaced=True)
                    self._replaced.setdefault(target.field, loss)
                return now
            case ir.Call():
                return self._call(instruction, state)
            case _:
                return state

    def _use(self, instruction: ir.Instruction, state: _State) -> _State:
        """Note what is done with members before the object is got."""
        if state.held is not None:
            return state
        handed: set[ir.Expr] = set()
        emptied: set[ir.Expr] = set()
        match instruction:
            case ir.Assign(target, value):
                inside = list(parts(value))
                emptied |= {target, _plain(value)}
            case ir.Call(function, arguments):
                inside = [each for one in arguments for each in parts(one)]
                handed |= {_plain(each) for each in arguments}
                name = function.id if isinstance(function, ir.Name) else ""
                if name in self._calls.releases:
                    emptied |= handed
                elif self._targets and (not name or self._calls.may_release(name)):
                    emptied |= self._targets
            case _:
                return state
        used = self._targets.intersection(inside)
        handed |= {each.base for each in inside if isinstance(each, ir.Member)}
        full = (state.full | (self._targets & handed)) - emptied
        return replace(state, used=state.used | used, full=full)

    def _assign(self, target: ir.Expr, value: ir.Expr, state: _State) -> _State | None:
        state = state.changed(target)
        held = state.held
        if isinstance(target, ir.Name):
            state = state.signed(target.id, self._sign(value, state))
            suspects = state.suspects - {target.id}
            if held and isinstance(value, ir.Apply) and value.function in _ERRORS:
                inside = {_plain(each) for each in value.arguments}
                if inside & held:
                    suspects |= {target.id}
            state = replace(state, suspects=suspects)
        if not held or state.gone:
            return state
        if value in held:
            return replace(state, held=held | {target})
        if isinstance(value, ir.Apply) and set(map(_plain, value.arguments)) & held:
            # What is worked out from the object is something else, an error that it is apart.
            return state
        if target in held:
            held -= {target}
            return replace(state, held=held) if held else None
        return state

    def _call(self, call: ir.Call, state: _State) -> _State | None:
        name = call.function.id if isinstance(call.function, ir.Name) else ""
        if call.result is not None:
            state = state.changed(call.result).signed(call.result.id, None)
        if call == self._got:
            assert call.result is not None
            return replace(state, held=frozenset({call.result}), gone=False)
        held = state.held
        if not held or state.gone:
            return state
        arguments = [_plain(each) for each in call.arguments]
        if name in self._calls.releases:
            return replace(state, gone=True) if set(arguments) & held else state
        if not name or any(self._calls.may_release(each) for each in (name, *_words(arguments))):
            return None
        for position, each in enumerate(arguments):
            if each in held and self._calls.keeps(name, position):
                return None
        at = self._calls.frees(name)
        if 0 <= at < len(arguments):
            if arguments[at] in held:
                return None
            return replace(state, freed=state.freed | {arguments[at]})
        return state

    def _branch(self, branch: ir.Branch, state: _State) -> Iterator[tuple[int, _State]]:
        condition = branch.condition
        known = next((truth for each, truth in state.decided if each == condition), None)
        if known is None:
            known = self._known(condition, state)
        for truth, to in ((True, branch.then), (False, branch.other)):
            if known is not None and known != truth:
                continue
            if self._excludes(condition, truth, state):
                continue
            after = self._learnt(condition, truth, state)
            if condition in self._repeated:
                after = replace(after, decided=after.decided | {(condition, truth)})
            yield to, after

    def _known(self, condition: ir.Expr, state: _State) -> bool | None:
        """Return whether a condition holds, as far as signs of variables tell."""
        match condition:
            case ir.Name(name):
                sign = state.sign(name)
                return None if sign is None else sign != 0
            case ir.Binary("<", ir.Name(name), ir.Number(0)):
                sign = state.sign(name)
                return None if sign in (None, 2) else sign == -1
            case _:
                return None

    def _excludes(self, condition: ir.Expr, truth: bool, state: _State) -> bool:
        """Tell whether there is no object on one side of a condition, or not this one."""
        if not state.held or state.gone:
            return False
        match condition:
            case ir.Apply("IS_ERR" | "IS_ERR_OR_NULL", (value,)):
                return truth and _plain(value) in state.held
            case ir.Binary("==" | "!=" as op, left, ir.Number(0)):
                if _plain(left) in state.held:
                    return truth == (op == "==")
                if isinstance(left, ir.Name) and left.id in state.suspects:
                    return truth == (op == "!=")
                return False
            case ir.Binary("<", ir.Name(name), ir.Number(0)):
                return truth and name in state.suspects
            case ir.Name(name) if name in state.suspects:
                return truth
            case _:
                return not truth and _plain(condition) in state.held

    def _learnt(self, condition: ir.Expr, truth: bool, state: _State) -> _State:
        match condition:
            case ir.Name(name) if state.sign(name) is None:
                return state.signed(name, 2 if truth else 0)
            case ir.Binary("!=" | "==" as op, ir.Name(name), ir.Number(0)) if (
                state.sign(name) is None
            ):
                return state.signed(name, 2 if truth == (op == "!=") else 0)
            case ir.Binary("<", ir.Name(name), ir.Number(0)) if truth:
                return state.signed(name, -1)
            case _:
                return state

    def _sign(self, value: ir.Expr, state: _State) -> int | None:
        match value:
            case ir.Number(number):
                return (number > 0) - (number < 0)
            case ir.Unary("-", ir.Name() | ir.Number()):
                return -1
            case ir.Apply("PTR_ERR", _):
                return -1
            case ir.Apply("ERR_PTR", (inner,)):
                return self._sign(_plain(inner), state)
            case ir.Name(name):
                return state.sign(name)
            case _:
                return None

    def _fails(self, value: ir.Expr | None, state: _State) -> bool:
        """Tell whether a value that is returned says that the function has failed."""
        if value is None:
            return False
        value = _plain(value)
        if state.held and value in state.held:
            return False
        pointer = self._function.returns.rstrip().endswith("*")
        sign = self._sign(value, state)
        if pointer:
            zero = isinstance(value, ir.Number) and value.value == 0
            error = isinstance(value, ir.Apply) and value.function == "ERR_PTR"
            return zero or sign == -1 or (error and sign == 2)
        return sign in (-1, 2) and self._function.returns not in ("bool", "_Bool")


def _plain(expression: ir.Expr) -> ir.Expr:
    """Return an expression without the casts around it."""
    while isinstance(expression, ir.Cast):
        expression = expression.operand
    return expression


def _words(arguments: Collection[ir.Expr]) -> Iterator[str]:
    """Yield the names that are arguments by themselves, functions among them."""
    for each in arguments:
        if isinstance(each, ir.Unary) and each.op == "&":
            each = each.operand
        if isinstance(each, ir.Name):
            yield each.id


def _names(condition: ir.Expr, target: ir.Expr) -> bool:
    """Tell whether a condition is about something that is assigned."""
    match condition:
        case ir.Name() | ir.Member() | ir.Index() if condition == target:
            return True
        case ir.Member(base, field):
            same = isinstance(target, ir.Member) and target.field == field
            return same or _names(base, target)
        case ir.Index(base, index):
            return isinstance(target, ir.Index) or _names(base, target) or _names(index, target)
        case ir.Unary(_, operand) | ir.Cast(_, operand):
            return _names(operand, target)
        case ir.Binary(_, left, right):
            return _names(left, target) or _names(right, target)
        case ir.Apply(_, arguments):
            return any(_names(each, target) for each in arguments)
        case _:
            return False

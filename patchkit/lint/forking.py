# SPDX-License-Identifier: GPL-2.0-only
"""Copies of VMAs that are given to another mm: the flags they must lose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from patchkit.lint import ir
from patchkit.lint.analysis import Analysis
from patchkit.lint.effects import Effects, flag_name, load_effects

_DUPLICATES = "vm_area_dup"
_OWNER = "vm_mm"


@dataclass(frozen=True, slots=True)
class Given:
    """*function* copies a VMA (line *copied*), gives the copy to an mm (line *given*) and leaves
    *flag* as it is. Lines are absolute."""

    function: ir.Function
    copied: int
    given: int
    flag: str


def given_away(analysis: Analysis, flags: tuple[str, ...]) -> Iterator[Given]:
    """Yield the copies that keep one of the flags."""
    program = analysis.program
    for file in program.files:
        data = program.source(file)
        if data is None or _DUPLICATES.encode() not in data.data:
            continue
        for function in program.mentioning(file, (_DUPLICATES,)):
            yield from _of(function, flags)


def _of(function: ir.Function, flags: tuple[str, ...]) -> Iterator[Given]:
    copies = _copies(function)
    if not copies:
        return
    given = _given(function, copies)
    if given is None:
        return
    name, line = given
    for flag in flags:
        if not _loses(function, name, flag):
            yield Given(function, copies[name], line, flag)


def _instructions(function: ir.Function) -> Iterator[ir.Instruction]:
    for block in function.blocks:
        yield from block.instructions


def _copies(function: ir.Function) -> dict[str, int]:
    """Return the locals that hold a copy of a VMA, with the line of the copy."""
    found: dict[str, int] = {}
    for each in _instructions(function):
        if isinstance(each, ir.Call) and each.function == ir.Name(_DUPLICATES):
            if each.result is not None:
                found[each.result.id] = function.place(each.span).line
        elif (
            isinstance(each, ir.Assign)
            and isinstance(each.target, ir.Name)
            and isinstance(each.value, ir.Name)
            and each.value.id in found
        ):
            found[each.target.id] = found[each.value.id]
    return found


def _given(function: ir.Function, copies: dict[str, int]) -> tuple[str, int] | None:
    """Return the copy whose mm is set, and the line."""
    for each in _instructions(function):
        if (
            isinstance(each, ir.Assign)
            and isinstance(each.target, ir.Member)
            and each.target.field == _OWNER
            and isinstance(each.target.base, ir.Name)
            and each.target.base.id in copies
        ):
            return each.target.base.id, function.place(each.span).line
    return None


def _loses(function: ir.Function, name: str, flag: str) -> bool:
    """Tell whether a flag of a VMA is cleared, or all are set to something without it."""
    effects = load_effects()
    for each in _instructions(function):
        if isinstance(each, ir.Call) and isinstance(each.function, ir.Name):
            rule = effects.flags.get(each.function.id)
            if rule is None or not each.arguments or each.arguments[0] != ir.Name(name):
                continue
            cleared = each.arguments[rule.clear :] if rule.clear >= 0 else each.arguments[1:]
            named = any(_names(argument, flag, effects) for argument in cleared)
            if named and (rule.action == "clear" or rule.clear >= 0):
                return True
        elif (
            isinstance(each, ir.Assign)
            and _is_flags(each.target, name, effects)
            and _masked(each.value, flag, effects)
        ):
            return True
    return False


def _is_flags(target: ir.Expr, name: str, effects: Effects) -> bool:
    return (
        isinstance(target, ir.Member)
        and target.base == ir.Name(name)
        and target.field in effects.flag_members["vm_area_struct"]
    )


def _masked(value: ir.Expr, flag: str, effects: Effects) -> bool:
    """Tell whether a value is ``x & ~(… flag …)``, or ``x & FLAG_CLEAR_MASK``."""
    match value:
        case ir.Binary("&", left, right):
            return any(
                (isinstance(each, ir.Unary) and each.op == "~" and _names(each, flag, effects))
                or (isinstance(each, ir.Name) and flag in effects.masks.get(each.id, ()))
                or _masked(each, flag, effects)
                for each in (left, right)
            )
        case ir.Cast(_, operand):
            return _masked(operand, flag, effects)
        case _:
            return False


def _names(expression: ir.Expr, flag: str, effects: Effects) -> bool:
    """Tell whether an expression names a flag, itself or by a mask."""
    match expression:
        case ir.Name(name):
            return flag_name(name) == flag or flag in effects.masks.get(name, ())
        case ir.Unary(_, operand) | ir.Cast(_, operand):
            return _names(operand, flag, effects)
        case ir.Binary(_, left, right):
            return _names(left, flag, effects) or _names(right, flag, effects)
        case ir.Apply(_, arguments):
            return any(_names(each, flag, effects) for each in arguments)
        case _:
            return False

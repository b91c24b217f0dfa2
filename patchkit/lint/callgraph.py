# SPDX-License-Identifier: GPL-2.0-only
"""Who calls whom, among the functions that are analysed, and who is called from elsewhere."""

from __future__ import annotations

import functools

from patchkit.lint import ir
from patchkit.lint.analysis import Analysis, FunctionPaths
from patchkit.lint.checks import counted, places, whole_limit
from patchkit.lint.effects import load_effects
from patchkit.tree.source import OverlayTree, Tree


def callers_of(analysis: Analysis, function: FunctionPaths) -> list[FunctionPaths]:
    """Return the functions that call one, by file and name, without itself."""
    found = {site.caller for site in analysis.callers(function)} - {function}
    return sorted(found, key=lambda each: (each.file, each.name))


def ancestors(analysis: Analysis, function: FunctionPaths, depth: int) -> set[FunctionPaths]:
    """Return a function and all that lead to it by at most *depth* calls."""
    found = {function}
    edge = [function]
    for _ in range(depth):
        above = {caller for each in edge for caller in callers_of(analysis, each)} - found
        found |= above
        edge = list(above)
    return found


def strangers(analysis: Analysis, function: FunctionPaths) -> tuple[ir.Function, ...]:
    """Return the functions that name one and are not analysed; none for a system call."""
    name = function.name
    if name.startswith(("sys_", "compat_sys_")):
        return ()
    known = {caller.name for caller in callers_of(analysis, function)} | {name}
    found = _callers(analysis, _base(analysis.program.tree), name, function.file)
    return tuple(each for each in found if each.name not in known)


def tables_of(analysis: Analysis, function: FunctionPaths) -> tuple[tuple[str, str], ...]:
    """Return the tables of operations that a function is in, as (struct, member)."""
    return tuple(
        (tag, member)
        for tag, _, member, name in analysis.program.entry_points(function.file)
        if name == function.name
    )


def calls_of(function: ir.Function) -> frozenset[str]:
    """Return the names of all functions that one calls."""
    return frozenset(
        each.function.id
        for block in function.blocks
        for each in block.instructions
        if isinstance(each, ir.Call) and isinstance(each.function, ir.Name)
    )


def compares(function: ir.Function, resource: str) -> bool:
    """Tell whether a function branches on, or returns, a comparison with a limit."""
    limits = load_effects().limits
    known: set[str] = set()
    for block in function.blocks:
        for each in block.instructions:
            if isinstance(each, ir.Call) and isinstance(each.function, ir.Name):
                if (
                    each.function.id in limits
                    and each.result is not None
                    and ir.Name(resource) in each.arguments
                ):
                    known.add(each.result.id)
            elif (
                isinstance(each, ir.Assign)
                and isinstance(each.target, ir.Name)
                and names_in(each.value) & known
            ):
                known.add(each.target.id)
    for block in function.blocks:
        end = block.terminator
        value = end.condition if isinstance(end, ir.Branch) else None
        value = end.value if isinstance(end, ir.Return) else value
        if isinstance(value, ir.Binary) and names_in(value) & known:
            return True
    return False


def names_in(expression: ir.Expr) -> frozenset[str]:
    """Return all names in an expression."""
    found: set[str] = set()
    pending: list[ir.Expr] = [expression]
    while pending:
        match pending.pop():
            case ir.Name(name):
                found.add(name)
            case ir.Member(base, _, _):
                pending.append(base)
            case ir.Index(base, index):
                pending += [base, index]
            case ir.Unary(_, operand) | ir.Cast(_, operand):
                pending.append(operand)
            case ir.Binary(_, left, right):
                pending += [left, right]
            case ir.Apply(_, arguments):
                pending += arguments
            case _:
                pass
    return frozenset(found)


def called_from_elsewhere(analysis: Analysis, function: FunctionPaths) -> bool:
    """Tell whether functions that are not analysed call one, or may, because it is in a table."""
    return bool(tables_of(analysis, function)) or bool(strangers(analysis, function))


_asked: dict[tuple[int, str], tuple[Tree, tuple[ir.Function, ...]]] = {}


def _base(tree: Tree) -> Tree:
    while isinstance(tree, OverlayTree):
        tree = tree.base
    return tree


def _callers(analysis: Analysis, base: Tree, name: str, file: str) -> tuple[ir.Function, ...]:
    """Return all functions of the tree that name one; searched once for a tree."""
    key = (id(base), name)
    known = _asked.get(key)
    if known is None or known[0] is not base:
        # All that may be asked for: a search takes seconds, for however many names.
        analysis.program.prefetch(
            each.name for each in analysis.functions if not each.function.static
        )
        found = tuple(analysis.program.callers(name, file))
        known = _asked[key] = (base, found)
    return known[1]


@functools.lru_cache(maxsize=4)
def checking(analysis: Analysis, depth: int) -> frozenset[FunctionPaths]:
    """Return the functions that compare counters with a limit, themselves or by callees."""
    found: set[FunctionPaths] = set()
    for place in places(analysis):
        for function, site in (*((place.own,) if place.own else ()), *place.uses):
            if whole_limit(site.check) and (counted(analysis, site.check) or site.check.charged):
                found |= ancestors(analysis, function, depth)
    return frozenset(found)

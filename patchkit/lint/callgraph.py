# SPDX-License-Identifier: GPL-2.0-only
"""Who calls whom, among the functions that are analysed, and who is called from elsewhere."""

from __future__ import annotations

import functools

from patchkit.lint.analysis import Analysis, FunctionPaths
from patchkit.lint.checks import counted, places, whole_limit
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


def called_from_elsewhere(analysis: Analysis, function: FunctionPaths) -> bool:
    """Tell whether functions that are not analysed call one, or may: it is in a table of
    operations, or others than those analysed name it."""
    name = function.name
    if name.startswith(("sys_", "compat_sys_")):
        return False
    program = analysis.program
    if any(each == name for _, _, _, each in program.entry_points(function.file)):
        return True
    known = {caller.name for caller in callers_of(analysis, function)}
    found = _callers(analysis, _base(program.tree), name, function.file)
    return bool(found - known - {name})


_asked: dict[tuple[int, str], tuple[Tree, frozenset[str]]] = {}


def _base(tree: Tree) -> Tree:
    while isinstance(tree, OverlayTree):
        tree = tree.base
    return tree


def _callers(analysis: Analysis, base: Tree, name: str, file: str) -> frozenset[str]:
    """Return the names of all functions of the tree that name one; searched once for a tree."""
    key = (id(base), name)
    known = _asked.get(key)
    if known is None or known[0] is not base:
        found = frozenset(each.name for each in analysis.program.callers(name, file))
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

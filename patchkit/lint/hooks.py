# SPDX-License-Identifier: GPL-2.0-only
"""Mappings of drivers whose ->close() gives back a charge: they must not be copied by fork()."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from patchkit.lint import ir
from patchkit.lint.analysis import Analysis, FunctionPaths, Path
from patchkit.lint.events import Charge, Flag, Outcome

_TABLE = "vm_operations_struct"
_KEEPS_OUT = "VM_DONTCOPY"


@dataclass(frozen=True, eq=False, slots=True)
class Copied:
    """A mapping gets operations whose close gives back *counter*, and a child may copy it."""

    function: FunctionPaths
    path: Path
    line: int
    counter: str


def hooks(analysis: Analysis, file: str) -> frozenset[str]:
    """Return the functions that set up a mapping before it is counted: a file's ->mmap()."""
    return frozenset(
        name
        for _, _, member, name in analysis.program.entry_points(file)
        if member in ("mmap", "mmap_prepare")
    )


def copied_mappings(analysis: Analysis) -> Iterator[Copied]:
    """Yield the mappings that close for more than was charged when they were copied."""
    tables: dict[str, dict[str, str]] = {}
    for function in analysis.functions:
        if function.file not in tables:
            tables[function.file] = _uncharging(analysis, function.file)
        for variable, counter in tables[function.file].items():
            line = _given(function.function, variable)
            path = _unguarded(function) if line else None
            if path is not None:
                yield Copied(function, path, line, counter)


def _given(function: ir.Function, variable: str) -> int:
    """Return the line on which a function gives a VMA these operations; 0 if it does not."""
    for block in function.blocks:
        for each in block.instructions:
            if (
                isinstance(each, ir.Assign)
                and isinstance(each.target, ir.Member)
                and each.target.field == "vm_ops"
                and each.value == ir.Unary("&", ir.Name(variable))
            ):
                return function.place(each.span).line
    return 0


def _unguarded(function: FunctionPaths) -> Path | None:
    """Return a path that succeeds; None if some path keeps the mapping out of children."""
    found: Path | None = None
    for path in function.paths:
        for event in path.events:
            if isinstance(event, Flag) and event.action != "clear" and _KEEPS_OUT in event.flags:
                return None
        if found is None and path.outcome != Outcome.FAILURE:
            found = path
    return found


def _uncharging(analysis: Analysis, file: str) -> dict[str, str]:
    """Return the file's tables of VMA operations whose close uncharges: variable -> counter."""
    tables: dict[str, dict[str, str]] = {}
    for tag, variable, member, name in analysis.program.entry_points(file):
        if tag == _TABLE:
            tables.setdefault(variable, {})[member] = name
    found: dict[str, str] = {}
    for variable, members in tables.items():
        given_back = _moved(analysis.function(members.get("close", ""), file), back=True)
        charged = _moved(analysis.function(members.get("open", ""), file), back=False)
        if given_back and charged != given_back:
            found[variable] = given_back
    return found


def _moved(function: FunctionPaths | None, back: bool) -> str:
    """Return a counter that some path of a function gives back (or charges); empty if none."""
    if function is None:
        return ""
    for path in function.paths:
        for event in path.events:
            if isinstance(event, Charge) and event.gives_back is back:
                return event.counter
    return ""

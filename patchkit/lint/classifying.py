# SPDX-License-Identifier: GPL-2.0-only
"""Functions that only say to which of a few classes their arguments belong, and enumerators."""

from __future__ import annotations

import re

from patchkit.lint import ir

LARGEST = 24
"""Blocks of a function that is looked into for its result only."""

_ENUM = re.compile(rb"\benum\b\s*\w*\s*\{([^{}#]*)\}")
_COMMENT = re.compile(rb"/\*.*?\*/|//[^\n]*", re.DOTALL)
_ENTRY = re.compile(r"\s*(\w+)\s*(?:=\s*(\w+)\s*)?")


def classifies(function: ir.Function) -> bool:
    """Tell whether a function does nothing but choose among constants by tests of its arguments.

    What charges by such a class (``switch (class_of(flags))``) is only understood together with it.
    """
    if len(function.blocks) > LARGEST or any("*" in each.type for each in function.parameters):
        return False
    returned: set[ir.Expr] = set()
    for block in function.blocks:
        if any(not isinstance(each, ir.Declare) for each in block.instructions):
            return False
        match block.terminator:
            case ir.Return(ir.Number() | ir.Name() as value):
                returned.add(value)
            case ir.Return() | ir.Jump(_, True) | ir.Branch(_, _, _, _, True):
                return False
            case _:
                pass
    names = {each.name for each in function.parameters}
    return len(returned) > 1 and not any(
        isinstance(each, ir.Name) and each.id in names for each in returned
    )


def enumerators(data: bytes) -> dict[str, int]:
    """Return the enumerators that a file defines with their values, as far as those are plain."""
    found: dict[str, int] = {}
    if b"enum" not in data:
        return found
    for match in _ENUM.finditer(_COMMENT.sub(b" ", data)):
        following: int | None = 0
        for text in match[1].decode("utf-8", "replace").split(","):
            entry = _ENTRY.fullmatch(text)
            if entry is None:
                following = None  # Something is computed: what comes behind it is not known either.
                continue
            if entry[2]:
                following = _number(entry[2], found)
            if following is not None:
                found[entry[1]] = following
                following += 1
    return found


def _number(text: str, known: dict[str, int]) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return known.get(text)

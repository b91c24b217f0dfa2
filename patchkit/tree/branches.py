# SPDX-License-Identifier: GPL-2.0-only
"""Which ``#if`` groups cut statements apart, so that a grammar cannot read their branches alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from patchkit.tree.tokens import Token

_ENDS = (b";", b"}", b"{")
"""After these a statement may begin; after a label's ``:`` one must follow."""


@dataclass(slots=True)
class _Group:
    """An ``#if`` that is open while the tokens go by."""

    directives: list[int]
    depth: int
    lowest: int
    uneven: bool = False
    cut: bool = False
    starts: bool = field(default=True)  # no token has been seen in this branch


def ragged_groups(code: Sequence[Token]) -> frozenset[int]:
    """Return the positions of all directives of groups that hold no whole statements.

    *code* are tokens without comments. Such are ``if (x)`` alone in a branch, a branch that begins
    with ``else``, a group after ``if (x)`` or a label, a bracket that opens in a group and closes
    after it. Where the branches of a group leave different numbers of brackets open there is no
    reading of them all together, and the group is not returned.
    """
    ragged: set[int] = set()
    stack: list[_Group] = []
    depth = 0
    last: Token | None = None
    ended: list[_Group] = []  # groups that have just ended: what follows may continue them
    for position, token in enumerate(code):
        if token.kind == "directive":
            word = token.text[1:].split(b" ", 1)[0].strip()
            if word.startswith(b"if"):
                group = _Group([position], depth, depth)
                group.cut = last is not None and last.text not in _ENDS
                stack.append(group)
            elif word.startswith((b"el", b"endif")) and stack:
                group = stack[-1]
                group.directives.append(position)
                if not group.starts and last is not None and last.text not in _ENDS:
                    group.cut = True
                if word.startswith(b"el"):
                    group.uneven = group.uneven or depth != group.depth
                    group.starts = True
                    depth = group.depth
                    continue
                stack.pop()
                several = len(group.directives) > 2
                group.uneven = several and (group.uneven or depth != group.depth)
                group.cut = group.cut or depth != group.depth or group.lowest < group.depth
                if stack:
                    stack[-1].lowest = min(stack[-1].lowest, group.lowest)
                    stack[-1].starts = stack[-1].starts and group.starts
                ended.append(group)
            continue
        for group in ended:
            if (group.cut or token.text == b"else") and not group.uneven:
                ragged.update(group.directives)
        ended.clear()
        if stack and stack[-1].starts:
            stack[-1].starts = False
            stack[-1].cut = stack[-1].cut or token.text == b"else"
        if token.kind == "punct":
            if token.text in (b"(", b"[", b"{"):
                depth += 1
            elif token.text in (b")", b"]", b"}"):
                depth -= 1
                if stack and depth < stack[-1].lowest:
                    stack[-1].lowest = depth
        last = token
    for group in ended:
        if group.cut and not group.uneven:
            ragged.update(group.directives)
    return frozenset(ragged)

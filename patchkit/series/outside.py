# SPDX-License-Identifier: GPL-2.0-only
"""``@@ after KIND NAME @@`` and ``@@ before KIND NAME @@``: new text outside an entity."""

from __future__ import annotations

import re

from patchkit.series.layout import (
    Edit,
    above_comments,
    end_of_line_with_comment,
    line_ending,
    line_start,
    next_line,
)
from patchkit.series.semantic import Hunk
from patchkit.tree.csource import Extent

_MARGIN = re.compile(rb"#\s*(?:el|endif|if)")


def outside_edit(hunk: Hunk, data: bytes, extent: Extent) -> Edit:
    """Return the insertion of a hunk's lines after or before an entity.

    An entity of several lines is set off by blank lines; one of a single line (a prototype, a
    macro) is followed directly, as such lines stand together.
    """
    lines = [line.text for line in hunk.lines if line.mark == "+"]
    spaced = b"\n" in data[extent.start : extent.end].strip()
    if spaced:
        while lines and not lines[0].strip():
            lines.pop(0)
        while lines and not lines[-1].strip():
            lines.pop()
    if hunk.position == "after":
        return _after(lines, data, extent, spaced)
    return _before(lines, data, extent, spaced)


def _after(lines: list[bytes], data: bytes, extent: Extent, spaced: bool) -> Edit:
    end = end_of_line_with_comment(data, extent.end)
    end = _past_exports(data, end, extent.name)
    at = next_line(data, end)
    ending = line_ending(data, end)
    text = b"".join(line + ending for line in lines)
    if at == len(data) and data[-1:] != b"\n":
        text = ending + text
        text = ending + text if spaced else text
        return Edit(at, at, text[: -len(ending)])
    if spaced:
        text = ending + text
        below = data[at : next_line(data, at)]
        if below.strip() and not _MARGIN.match(below):
            text += ending
    return Edit(at, at, text)


def _past_exports(data: bytes, end: int, name: str) -> int:
    """Go past ``EXPORT_SYMBOL(name);`` and its like on the lines right below."""
    export = re.compile(rb"[A-Z_]+\w*\(\s*" + re.escape(name.encode()) + rb"\b[^;{}]*?\)\s*;?")
    while (found := export.match(data, next_line(data, end))) is not None:
        end = end_of_line_with_comment(data, found.end())
    return end


def _before(lines: list[bytes], data: bytes, extent: Extent, spaced: bool) -> Edit:
    at = above_comments(data, line_start(data, extent.start))
    ending = line_ending(data, at)
    text = b"".join(line + ending for line in lines)
    if spaced:
        text += ending
        above = data[line_start(data, at - 1) : at] if at else b""
        if above.strip() and not _MARGIN.match(above):
            text = ending + text
    return Edit(at, at, text)

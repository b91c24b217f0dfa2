# SPDX-License-Identifier: GPL-2.0-only
"""``@@ include @@``: add and remove ``#include`` lines where they belong."""

from __future__ import annotations

import re
from dataclasses import dataclass

from patchkit.errors import ConflictError, TemplateError
from patchkit.series.index import index
from patchkit.series.layout import (
    Edit,
    line_ending,
    line_number,
    line_start,
    next_line,
    past_blank_lines,
)
from patchkit.series.semantic import Hunk, Line
from patchkit.tree.conditions import Conditions

_INCLUDE = re.compile(rb"#\s*include\s*(<[^>]+>|\"[^\"]+\")")


@dataclass(frozen=True, slots=True)
class Include:
    """An include of a file: what it names, with its quotes, and its line's first byte.

    *conditional* says that it stands under an ``#if`` that is no include guard.
    """

    name: bytes
    start: int
    conditional: bool


def includes_of(data: bytes) -> list[Include]:
    """Return all includes of a file, in order."""
    found: list[Include] = []
    conditions = Conditions()
    for token in index(data).head():
        if token.kind != "directive":
            continue
        conditions.take(token.text.decode("utf-8", "backslashreplace"))
        if (match := _INCLUDE.match(token.text)) is not None:
            start = line_start(data, token.start)
            found.append(Include(match[1], start, bool(conditions.now())))
    return found


def _prefix(name: bytes) -> bytes:
    """Return what includes of one group have in common: ``<linux/``, ``<asm/``, ``"``."""
    if name.startswith(b'"'):
        return b'"'
    head, slash, _ = name.partition(b"/")
    return head + slash if slash else b"<"


def include_edits(hunk: Hunk, data: bytes, path: str) -> list[Edit]:
    """Return the edits of an include hunk; ConflictError when a line that it names is missing."""
    present = includes_of(data)
    edits: list[Edit] = []
    anchor: Include | None = None
    for line in hunk.lines:
        if not line.text.strip() or line.text.strip() == b"...":
            anchor = None if line.text.strip() else anchor
            continue
        name = _name(line)
        there = next((item for item in present if item.name == name and not item.conditional), None)
        there = there or next((item for item in present if item.name == name), None)
        if line.mark == "+":
            if there is None or there.conditional:
                edits.append(_insertion(line, name, present, anchor, data))
            continue
        if there is None:
            raise ConflictError(_missing(line, data, path, present))
        anchor = there
        if line.mark == "-":
            edits.append(Edit(there.start, next_line(data, there.start), b""))
    return edits


def _name(line: Line) -> bytes:
    found = _INCLUDE.match(line.text.strip())
    if found is None:
        text = line.text.decode("utf-8", "backslashreplace")
        raise TemplateError(f'{line.origin}: expected #include <…> or "…", found {text!r}')
    return found[1]


def _insertion(
    line: Line, name: bytes, present: list[Include], anchor: Include | None, data: bytes
) -> Edit:
    at = next_line(data, anchor.start) if anchor is not None else _place(name, present, data)
    ending = line_ending(data, at)
    text = line.text.rstrip() + ending
    if at == len(data) and data and data[-1:] != b"\n":
        text = ending + line.text.rstrip()
    elif not present:
        text += b"" if at < len(data) and data[at : at + 1] in b"\r\n" else ending
    return Edit(at, at, text)


def _place(name: bytes, present: list[Include], data: bytes) -> int:
    """Return where an include belongs: sorted among its like if those are sorted, else last."""
    always = [item for item in present if not item.conditional]
    group = [item for item in always if _prefix(item.name) == _prefix(name)]
    if group:
        names = [item.name for item in group]
        if names == sorted(names):
            before = [item for item in group if item.name < name]
            return next_line(data, before[-1].start) if before else group[0].start
        smaller = _sorted_run(group, name)
        return next_line(data, (smaller or group[-1]).start)
    if always and name.startswith(b"<linux/"):
        return always[0].start
    angled = [item for item in always if item.name.startswith(b"<")]
    if angled and name.startswith(b"<"):
        return next_line(data, angled[-1].start)
    if always:
        return next_line(data, always[-1].start)
    return _after_head(data)


def _sorted_run(group: list[Include], name: bytes) -> Include | None:
    """Return the neighbour in a list that is mostly sorted: the last one that is smaller and is
    followed by one that is greater."""
    for item, following in zip(reversed(group[:-1]), reversed(group[1:]), strict=True):
        if item.name < name < following.name:
            return item
    return None


def _after_head(data: bytes) -> int:
    """Return the place below a file's head comment and include guard."""
    at = 0
    while at < len(data):
        line = data[at : next_line(data, at)].strip()
        if line.startswith(b"/*"):
            close = data.find(b"*/", at + 2)
            at = len(data) if close < 0 else next_line(data, close)
        elif line.startswith((b"//", b"#ifndef", b"#define", b"#pragma once")):
            at = next_line(data, at)
        elif not line and at != past_blank_lines(data, at, 1):
            below = past_blank_lines(data, at, 1 << 30)
            if not data[below : next_line(data, below)].startswith((b"/*", b"//", b"#ifndef")):
                return below
            at = below
        else:
            break
    return at


def _missing(line: Line, data: bytes, path: str, present: list[Include]) -> str:
    text = line.text.strip().decode("utf-8", "backslashreplace")
    there = "\n".join(
        f"    {path}:{line_number(data, item.start)}: "
        f"#include {item.name.decode('utf-8', 'backslashreplace')}"
        for item in present
    )
    return f"{path}: expected {text} ({line.origin}), found no such include" + (
        f"; the file has\n{there}" if there else "; the file has none"
    )

# SPDX-License-Identifier: GPL-2.0-only
"""What a person needs to know about a hunk that does not fit.

Each message says what was looked for (with the template's line), where (file and lines), how far it
fitted, and the places that come nearest, with the first word that differs.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from patchkit.series.index import index
from patchkit.series.layout import line_end, line_number, line_start
from patchkit.series.match import Candidate, Matches, nearest, search
from patchkit.series.pattern import Element, Pattern, Segment, compile_hunk
from patchkit.series.semantic import Hunk
from patchkit.series.stream import (
    COMMENT,
    COMMENT_END,
    DIRECTIVE,
    DIRECTIVE_END,
    Stream,
    c_stream,
)
from patchkit.tree.csource import Extent, parse
from patchkit.tree.source import Tree

SHOWN = 3
"""Nearest candidates in a message."""

_SPELT = {
    COMMENT: "a comment",
    COMMENT_END: "the end of the comment",
    DIRECTIVE: "'#'",
    DIRECTIVE_END: "the end of the line",
}
_ELSEWHERE = ("mm", "kernel", "include/linux", "include/uapi/linux", "fs", "fs/proc", "io_uring")
"""Where an entity that is not in its file is looked for, besides that file's own directory."""


def title(hunk: Hunk, path: str) -> str:
    """Return ``FILE: @@ … @@ (TEMPLATE:LINE)``."""
    return f"{path}: {hunk.header} ({hunk.origin})"


def _place(stream: Stream, path: str, word: int) -> str:
    if not len(stream):
        return path
    offset = stream.starts[min(word, len(stream) - 1)]
    return f"{path}:{line_number(stream.data, offset)}"


def _line_at(stream: Stream, word: int) -> str:
    if not len(stream):
        return ""
    offset = stream.starts[min(word, len(stream) - 1)]
    raw = stream.data[line_start(stream.data, offset) : line_end(stream.data, offset)]
    return " ".join(raw.decode("utf-8", "backslashreplace").split())


def _spelt(text: bytes) -> str:
    known = _SPELT.get(text)
    return known or repr(text.lstrip(b"\x00").decode("utf-8", "backslashreplace"))


def _source_line(pattern: Pattern, element: Element) -> str:
    line = pattern.hunk.lines[element.line]
    return f"'{line.text.decode('utf-8', 'backslashreplace').strip()}' ({line.origin})"


def region(path: str, data: bytes, start: int, end: int) -> str:
    """Return ``FILE:FIRST-LAST`` in lines."""
    first = line_number(data, start)
    last = line_number(data, max(start, end - 1))
    return f"{path}:{first}" if first == last else f"{path}:{first}-{last}"


def no_match(pattern: Pattern, path: str, tried: Sequence[tuple[str, int, Stream, Matches]]) -> str:
    """Report that a hunk fits nowhere.

    *tried* are the places searched: name, end offset, stream, and how far matching got.
    """
    lines = [f"{title(pattern.hunk, path)}: does not match"]
    for name, end, stream, matches in tried:
        begin = stream.starts[0] if len(stream) else 0
        where = region(path, stream.data, begin, end)
        lines.append(f"  searched {name}, {where}" if name else f"  searched {where}")
        segment = pattern.segments[min(matches.reached, len(pattern.segments) - 1)]
        lowest = 0
        if matches.reached:
            place = matches.places[0]
            lowest = place.end
            fitted = pattern.segments[matches.reached - 1]
            lines.append(
                f"  fits up to {_source_line(pattern, pattern.elements[fitted.last - 1])} "
                f"at {_place(stream, path, place.end - 1)}"
            )
        first = pattern.elements[segment.first]
        after = " after that" if matches.reached else ""
        lines.append(f"  looked for {_source_line(pattern, first)}{after}")
        lines += _nearest(pattern, segment, stream, path, lowest)
    return "\n".join(lines)


def _nearest(
    pattern: Pattern, segment: Segment, stream: Stream, path: str, lowest: int
) -> list[str]:
    candidates = nearest(pattern, segment, stream, lowest, SHOWN)
    size = segment.last - segment.first
    whole = [item for item in candidates if item.matched == size]
    if whole:
        text = "  it is there, but in another block (a '...' never leaves the brackets it is in):"
        return [text, *(f"    {_shown(stream, path, item.start)}" for item in whole)]
    note = "  nearest:"
    if not candidates and lowest:
        candidates = nearest(pattern, segment, stream, 0, SHOWN)
        note = "  nearest (all before the part that fits):"
    if not candidates:
        return ["  nothing like it is there"]
    lines = [note]
    for candidate in candidates:
        lines.append(f"    {_shown(stream, path, candidate.start)}")
        lines.append(f"      {_difference(pattern, segment, stream, path, candidate)}")
    return lines


def _shown(stream: Stream, path: str, word: int) -> str:
    return f"{_place(stream, path, word)}: {_line_at(stream, word)}"


def _difference(
    pattern: Pattern, segment: Segment, stream: Stream, path: str, candidate: Candidate
) -> str:
    element = pattern.elements[segment.first + candidate.expected]
    origin = pattern.hunk.lines[element.line].origin
    found = "the end of what was searched"
    if candidate.at < len(stream):
        found = f"{_spelt(stream.texts[candidate.at])} at {_place(stream, path, candidate.at)}"
    return f"expected {_spelt(element.text)} ({origin}), found {found}"


def several(pattern: Pattern, path: str, data: bytes, sites: Iterable[tuple[int, int]]) -> str:
    """Report that a hunk fits in more than one place; *sites* are (change, offset)."""
    lines = [f"{title(pattern.hunk, path)}: matches more than once"]
    for change, offset in sites:
        line = pattern.hunk.lines[pattern.changes[change].line]
        raw = data[line_start(data, offset) : line_end(data, offset)]
        text = " ".join(raw.decode("utf-8", "backslashreplace").split())
        lines.append(
            f"  the change at {line.origin} could go to {path}:{line_number(data, offset)}: {text}"
        )
    lines.append("  more context lines, or 'if CONDITION' in the header, would tell them apart")
    return "\n".join(lines)


def several_entities(hunk: Hunk, path: str, extents: Sequence[Extent]) -> str:
    """Report that text goes before or after an entity that is there more than once."""
    lines = [f"{title(hunk, path)}: there is more than one {hunk.kind} {hunk.name}"]
    lines += [f"  {_entity(path, extent)}" for extent in extents]
    lines.append("  'if CONDITION' in the header picks one")
    return "\n".join(lines)


def _fitting(hunk: Hunk, data: bytes, extents: Sequence[Extent]) -> list[Extent]:
    """Return the entities that a hunk matches: one of them may be the same under a new name."""
    if hunk.position != "in":
        return []
    pattern = compile_hunk(hunk)
    return [
        extent
        for extent in extents
        if search(
            pattern, c_stream(data, extent.start, extent.end, comments=pattern.comments)
        ).found
    ]


def _entity(path: str, extent: Extent) -> str:
    under = f" under {' && '.join(extent.conditions)}" if extent.conditions else ""
    return f"{path}:{extent.line}: {extent.kind} {extent.name}{under}"


def no_entity(hunk: Hunk, data: bytes, path: str, tree: Tree) -> str:
    """Report that a file lacks an entity: what is similar, what the hunk would fit, who has it."""
    entities = index(data).entities
    wanted = f"{hunk.kind} {hunk.name}"
    others = [extent for extent in entities if extent.name == hunk.name]
    named = [extent for extent in others if extent.kind == hunk.kind]
    if named:
        lines = [
            f"{title(hunk, path)}: found no {wanted} under {hunk.condition}; there is",
            *(f"  {_entity(path, extent)}" for extent in named),
        ]
        return "\n".join(lines)
    lines = [f"{title(hunk, path)}: found no {wanted} in this file"]
    known = {extent.name: extent for extent in entities if extent.kind == hunk.kind}
    close = difflib.get_close_matches(hunk.name, list(known), SHOWN, 0.7)
    others += [known[name] for name in close]
    if others:
        lines.append("  here:")
        lines += [f"    {_entity(path, extent)}" for extent in others[:6]]
    fitting = _fitting(hunk, data, list(known.values()))
    if fitting:
        lines.append("  the hunk would fit:")
        lines += [f"    {_entity(path, extent)}" for extent in fitting[:6]]
    elsewhere = defined_elsewhere(tree, path, hunk.kind, hunk.name)
    if elsewhere:
        lines.append("  elsewhere:")
        lines += [f"    {place}" for place in elsewhere[:6]]
    elif not others and not fitting:
        lines.append("  nothing of a similar name is here, nor in the directories around")
    return "\n".join(lines)


def defined_elsewhere(tree: Tree, path: str, kind: str, name: str) -> list[str]:
    """Return where else an entity is defined, looking at likely directories only."""
    own = path.rpartition("/")[0]
    likely = _definition(kind, name)
    found: list[str] = []
    seen: set[str] = {path}
    for directory in dict.fromkeys((own, *_ELSEWHERE)):
        depth = directory.count("/") + 1
        for other in tree.list(directory):
            if other in seen or not other.endswith((".c", ".h")) or other.count("/") > depth:
                continue
            seen.add(other)
            data = tree.read(other)
            if data is None or likely.search(data) is None:
                continue
            found += [
                f"{other}:{extent.line}: {kind} {name}" for extent in parse(data).find(kind, name)
            ]
    return found


def _definition(kind: str, name: str) -> re.Pattern[bytes]:
    """Return what a file that defines an entity has to contain, to save parsing the others."""
    word = rb"\b" + re.escape(name.encode()) + rb"\b"
    if kind in ("struct", "union", "enum"):
        return re.compile(rb"\b" + kind.encode() + rb"\s+(?:\w+\s+)*" + word + rb"\s*\{")
    if kind == "macro":
        return re.compile(rb"#\s*define\s+" + word)
    if kind == "syscall":
        return re.compile(rb"SYSCALL_DEFINE\d\(\s*" + word)
    if kind in ("function", "declaration"):
        return re.compile(rb"^(?![ \t#*]).*" + word + rb"\s*\(", re.MULTILINE)
    return re.compile(word)


def no_file(path: str, where: object, tree: Tree) -> str:
    """Report that a file is missing: what is similar beside it, and files of that name."""
    directory, _, name = path.rpartition("/")
    lines = [f"{path}: no such file in {tree.name} ({where})"]
    while directory and next(tree.list(directory), None) is None:
        directory = directory.rpartition("/")[0]
    beside = list(tree.list(directory))
    same = [other for other in beside if other.rpartition("/")[2] == name]
    names = [other for other in beside if other.rpartition("/")[0] == directory]
    close = difflib.get_close_matches(path, names, SHOWN, 0.7)
    for other in list(dict.fromkeys(same + close))[:6]:
        lines.append(f"  similar: {other}")
    return "\n".join(lines)

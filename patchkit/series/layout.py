# SPDX-License-Identifier: GPL-2.0-only
"""Lines, indentation and comments in bytes: what an edit needs to keep a file's layout."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

TAB = 8
"""Columns between tab stops, in the kernel and in diffs."""

_ONLY_COMMENTS = re.compile(rb"(?:\s|\\|/\*(?:[^*]|\*(?!/))*\*/)*(?://.*)?\Z", re.DOTALL)
_OPENS_COMMENT = re.compile(rb"(?:\s|/\*(?:[^*]|\*(?!/))*\*/)*/\*(?:[^*]|\*(?!/))*\Z", re.DOTALL)
_LABEL = re.compile(rb" ?(?!default\b)[A-Za-z_]\w*:\s*\Z")


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace ``data[start:end]`` by *text*; an insertion when both are equal."""

    start: int
    end: int
    text: bytes


def line_start(data: bytes, offset: int) -> int:
    """Return where the line that contains *offset* begins."""
    return data.rfind(b"\n", 0, offset) + 1


def line_end(data: bytes, offset: int) -> int:
    """Return where the content of the line that contains *offset* ends, before CR and LF."""
    end = data.find(b"\n", offset)
    end = len(data) if end < 0 else end
    return end - 1 if end > offset and data[end - 1 : end] == b"\r" else end


def next_line(data: bytes, offset: int) -> int:
    """Return where the line after the one that contains *offset* begins, or the end of data."""
    end = data.find(b"\n", offset)
    return len(data) if end < 0 else end + 1


def line_ending(data: bytes, offset: int) -> bytes:
    """Return how lines end at *offset*: CR LF or LF, as the nearest line before or after does."""
    end = data.find(b"\n", offset)
    if end < 0:
        end = data.rfind(b"\n", 0, offset)
    return b"\r\n" if end > 0 and data[end - 1 : end] == b"\r" else b"\n"


def line_number(data: bytes, offset: int) -> int:
    """Return the number, from 1, of the line that contains *offset*."""
    return data.count(b"\n", 0, offset) + 1


def blank_at(data: bytes, start: int) -> bool:
    """Tell whether a line begins at *start* and holds white space only."""
    return start < len(data) and not data[start : next_line(data, start)].strip()


def past_blank_lines(data: bytes, start: int, most: int) -> int:
    """Return the start of the line after at most *most* blank lines that begin at *start*."""
    while most > 0 and blank_at(data, start):
        start = next_line(data, start)
        most -= 1
    return start


def before_blank_lines(data: bytes, start: int, most: int) -> int:
    """Return the start of at most *most* blank lines that end right before *start*."""
    while most > 0 and start > 0:
        above = line_start(data, start - 1)
        if not blank_at(data, above):
            break
        start = above
        most -= 1
    return start


def only_comments(text: bytes) -> bool:
    """Tell whether the rest of a line holds nothing but white space, comments and ``\\``."""
    return _ONLY_COMMENTS.match(text) is not None


def end_of_line_with_comment(data: bytes, offset: int) -> int:
    """Return *line_end*, or that of the line where a comment that begins on this line ends."""
    end = line_end(data, offset)
    if _OPENS_COMMENT.match(data[offset:end]) is not None:
        close = data.find(b"*/", end)
        if close >= 0:
            return line_end(data, close)
    return end


def above_comments(data: bytes, start: int) -> int:
    """Return the start of the comment lines right above the line that begins at *start*.

    A comment counts when nothing else is on its lines and no blank line lies between.
    """
    while start > 0:
        above = line_start(data, start - 1)
        text = data[above : start - 1].strip()
        if text.startswith(b"//"):
            start = above
            continue
        if not text.endswith(b"*/"):
            return start
        opened = data.rfind(b"/*", 0, start)
        if opened < 0 or data.find(b"*/", opened + 2, start) + 2 != len(data[:start].rstrip()):
            return start
        first = line_start(data, opened)
        if data[first:opened].strip():
            return start
        start = first
    return start


def width(indent: bytes) -> int:
    """Return the columns that leading white space takes."""
    columns = 0
    for byte in indent:
        columns = columns + TAB - columns % TAB if byte == 9 else columns + 1
    return columns


def leading(line: bytes) -> bytes:
    """Return the blanks and tabs that a line begins with."""
    return line[: len(line) - len(line.lstrip(b" \t"))]


def is_label(line: bytes) -> bool:
    """Tell whether a line is a label for ``goto``, which stands at the margin."""
    return _LABEL.match(line) is not None


def shifted(lines: Sequence[bytes], shift: int, *, tabs: bool = True) -> list[bytes]:
    """Move lines *shift* columns to the right (or left). Directives and labels stay.

    With *tabs* the new indentation is as many tabs as fit, then blanks.
    """
    if shift == 0:
        return list(lines)
    moved: list[bytes] = []
    for line in lines:
        indent = leading(line)
        rest = line[len(indent) :]
        if not rest.strip() or (not indent and rest.startswith(b"#")) or is_label(line):
            moved.append(line)
            continue
        columns = max(0, width(indent) + shift)
        new = b"\t" * (columns // TAB) + b" " * (columns % TAB) if tabs else b" " * columns
        moved.append(new + rest)
    return moved


def apply_edits(data: bytes, edits: Sequence[Edit]) -> bytes:
    """Carry out edits that do not overlap; those at one place in the order given.

    ValueError when two overlap.
    """
    parts: list[bytes] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < at:
            raise ValueError(f"edits overlap in line {line_number(data, edit.start)}")
        parts += (data[at : edit.start], edit.text)
        at = edit.end
    parts.append(data[at:])
    return b"".join(parts)

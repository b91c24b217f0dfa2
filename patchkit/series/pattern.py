# SPDX-License-Identifier: GPL-2.0-only
"""The old side of a hunk as something to match, and its changes as edits of that.

Context and removed lines are read together as one piece of C (or of text), so that a directive or
a comment that spans lines is understood. ``...`` splits the words into segments.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from patchkit.errors import TemplateError
from patchkit.series.semantic import TEXT_KINDS, Hunk, Line
from patchkit.series.stream import Stream, c_stream, text_stream

SKIPS = (b"...", b"\x00...")
_WILDCARD = re.compile(rb"\s*\.\.\.\s*")


@dataclass(frozen=True, slots=True)
class Element:
    """A word to match, or (*skip*) any balanced run of words.

    *line* is an index into the hunk's lines. *expression* is set for a line of text with ``...``
    inside it. *first* says that it is the first word of its line, whose indentation is *indent*.
    """

    text: bytes
    line: int
    removed: bool
    skip: bool
    first: bool
    indent: bytes
    expression: re.Pattern[bytes] | None = None

    def matches(self, text: bytes) -> bool:
        """Tell whether a word of the tree is this one."""
        if self.expression is not None:
            return self.expression.fullmatch(text) is not None
        return self.text == text


@dataclass(frozen=True, slots=True)
class Segment:
    """Elements [*first*, *last*) without a skip between them; *edited* says that one changes."""

    first: int
    last: int
    edited: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One place of a hunk that changes.

    Elements [*first*, *last*) are removed (none when equal: text is added before element *first*).
    *added* are the new lines. *blanks_before* counts empty context lines between the element
    before and the added lines, *blanks_after* those between the added lines and the element after;
    *removed_blanks* are empty lines removed before and after. *line* is an index into the hunk's
    lines.
    """

    first: int
    last: int
    added: tuple[Line, ...]
    blanks_before: int
    blanks_after: int
    removed_blanks: tuple[int, int]
    line: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """What to look for and what to do with it."""

    hunk: Hunk
    elements: tuple[Element, ...]
    segments: tuple[Segment, ...]
    changes: tuple[Change, ...]
    comments: bool
    by_line: bool

    @property
    def general(self) -> bool:
        """Whether words cannot simply be compared one after the other."""
        return self.comments or any(element.expression for element in self.elements)


def compile_hunk(hunk: Hunk) -> Pattern:
    """Compile a hunk; TemplateError when its changes cannot be placed."""
    by_line = hunk.kind in TEXT_KINDS
    old = [index for index, line in enumerate(hunk.lines) if line.mark != "+"]
    offsets: list[int] = []
    length = 0
    for index in old:
        offsets.append(length)
        length += len(hunk.lines[index].text) + 1
    text = b"".join(hunk.lines[index].text + b"\n" for index in old)
    stream = text_stream(text, 0, length) if by_line else c_stream(text, 0, length, comments=True)
    elements = _elements(hunk, stream, old, offsets, by_line)
    changes = _changes(hunk, elements)
    pattern = Pattern(
        hunk, elements, _segments(elements, changes), changes, stream.has_comments, by_line
    )
    _check(pattern)
    return pattern


def _elements(
    hunk: Hunk, stream: Stream, old: list[int], offsets: list[int], by_line: bool
) -> tuple[Element, ...]:
    elements: list[Element] = []
    last_line = -1
    for text, start in zip(stream.texts, stream.starts, strict=True):
        line = old[bisect_right(offsets, start) - 1]
        source = hunk.lines[line]
        skip = text in SKIPS
        expression = None
        if by_line and not skip and b"..." in text:
            parts = (re.escape(part) for part in _WILDCARD.split(text))
            expression = re.compile(rb"\s*.*?\s*".join(parts), re.DOTALL)
        indent = source.text[: len(source.text) - len(source.text.lstrip())]
        removed = source.mark == "-"
        elements.append(Element(text, line, removed, skip, line != last_line, indent, expression))
        last_line = line
    return tuple(elements)


def _changes(hunk: Hunk, elements: tuple[Element, ...]) -> tuple[Change, ...]:
    """Group lines that change, without context between them, into changes."""
    of_line: dict[int, list[int]] = {}
    for index, each in enumerate(elements):
        of_line.setdefault(each.line, []).append(index)
    changes: list[Change] = []
    element = 0  # the next element
    blanks = 0
    at = 0
    while at < len(hunk.lines):
        line = hunk.lines[at]
        if line.mark == " ":
            mine = of_line.get(at, [])
            blanks = 0 if mine else blanks + 1
            element = mine[-1] + 1 if mine else element
            at += 1
            continue
        begin, first = at, element
        added: list[Line] = []
        before = after = 0
        while at < len(hunk.lines) and hunk.lines[at].mark != " ":
            line = hunk.lines[at]
            if line.mark == "+":
                added.append(line)
            elif mine := of_line.get(at, []):
                element = mine[-1] + 1
                after = 0
            elif not line.text.strip():
                if element == first:
                    before += 1
                else:
                    after += 1
            at += 1
        following = 0
        while at + following < len(hunk.lines) and (
            hunk.lines[at + following].mark == " " and at + following not in of_line
        ):
            following += 1
        changes.append(
            Change(first, element, tuple(added), blanks, following, (before, after), begin)
        )
        blanks = 0
    return tuple(changes)


def _segments(elements: tuple[Element, ...], changes: tuple[Change, ...]) -> tuple[Segment, ...]:
    bounds: list[tuple[int, int]] = []
    first = 0
    for index, element in enumerate((*elements, None)):
        if element is None or element.skip:
            if index > first:
                bounds.append((first, index))
            first = index + 1
    edited: set[int] = set()
    for change in changes:
        # Whatever stands at either end of a change decides where it happens.
        edited.update(range(change.first - 1, change.last + 1))
        if change.first == change.last and 0 < change.first < len(elements):
            before, after = elements[change.first - 1], elements[change.first]
            if not before.skip and after.skip:
                edited.discard(change.first)
    return tuple(
        Segment(first, last, any(index in edited for index in range(first, last)))
        for first, last in bounds
    )


def _check(pattern: Pattern) -> None:
    """Refuse changes that have nothing to hold on to."""
    hunk = pattern.hunk
    if not pattern.segments and not pattern.by_line:
        raise TemplateError(
            f"{hunk.origin}: {hunk.header}: nothing to match: name a line before or after the "
            "change, or use @@ after … @@ or @@ before … @@"
        )
    for change in pattern.changes:
        where = hunk.lines[change.line].origin
        before = pattern.elements[change.first - 1] if change.first else None
        after = pattern.elements[change.last] if change.last < len(pattern.elements) else None
        if change.first < change.last:
            ends = (pattern.elements[change.first], pattern.elements[change.last - 1])
            neighbours = (before, after)
            for end, neighbour in zip(ends, neighbours, strict=True):
                if end.skip and (neighbour is None or neighbour.skip):
                    raise TemplateError(
                        f"{where}: a removed '...' needs a line to hold on to on both sides"
                    )
        elif pattern.segments and (before is None or before.skip) and (after is None or after.skip):
            raise TemplateError(f"{where}: added between two '...': name the line before or after")

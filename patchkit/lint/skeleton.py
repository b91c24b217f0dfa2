# SPDX-License-Identifier: GPL-2.0-only
"""The top-level entities of a C file in milliseconds, for files written as the kernel is.

Where ``{`` and ``}`` of functions stand in the first column nothing between them has to be looked
at. Whatever is not laid out so is left to the token scan (``tree.entities``), which always
answers; both give the same extents.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from patchkit.tree.conditions import Conditions
from patchkit.tree.csource import CSource, Extent
from patchkit.tree.tokens import tokenize
from patchkit.tree.vocabulary import (
    ANNOTATIONS_WITH_ARGUMENTS,
    KEYWORDS,
    NAMED_BY_ARGUMENT,
    TYPE_WORDS,
    is_macro_name,
)

_TOP = re.compile(
    rb"""
      (?P<comment> /\*.*?(?:\*/|\Z) | //(?:[^\\\n]|\\.)* )
    | (?P<literal> "(?:[^"\\\n]|\\.)*+"? | '(?:[^'\\\n]|\\.)*+'? )
    | (?P<directive> ^[ \t]*\#
        (?: [^\\\n/"] | \\. | /\*.*?(?:\*/|\Z) | / | "(?:[^"\\\n]|\\.)*+"? )*+ )
    | (?P<mark> [{};] )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_INSIDE = re.compile(
    rb"""/\*.*?(?:\*/|\Z)|//(?:[^\\\n]|\\.)*|"(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?|[{}]""",
    re.DOTALL | re.MULTILINE,
)
_AGGREGATE = re.compile(rb"\b(struct|union|enum)\b\s*(?:__\w+\s+)*(\w*)\s*\Z")
_CALLED = re.compile(rb"([A-Za-z_]\w*)\s*\(")
_NOT_SPACE = re.compile(rb"\S")
_CONDITIONAL = re.compile(rb"[ \t]*#[ \t]*(if|el|endif)")
_CLOSING = re.compile(rb"\n\}(?![ \t]*while\b)(?![^\n]*\\\n)")
"""The end of a function; a macro in it may have a line such as ``} while (0)``."""
_NEUTRAL = re.compile(rb"^[ \t]*#[ \t]*(if|endif)|^\}[^\n]*", re.MULTILINE)


class _Irregular(Exception):
    """The file is not laid out in a way that can be skipped over."""


@dataclass(slots=True)
class Skeleton:
    """The entities of a file: functions and system calls, structs, unions, enums.

    *others* are the byte ranges of all other declarations (variables, prototypes, typedefs).
    """

    functions: tuple[Extent, ...]
    aggregates: tuple[Extent, ...]
    others: tuple[tuple[int, int], ...]
    _starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._starts = [extent.start for extent in self.functions]

    def function_at(self, offset: int) -> Extent | None:
        """Return the function whose extent, head included, holds a byte offset."""
        position = bisect_right(self._starts, offset)
        # Heads that differ by #if give extents that begin one inside the other.
        for extent in reversed(self.functions[max(0, position - 4) : position]):
            if extent.start <= offset < extent.end:
                return extent
        return None


def skeleton(data: bytes) -> Skeleton:
    """Return the entities of a file. Never raises, whatever the bytes are."""
    try:
        return _Scan(data).run()
    except _Irregular:
        return _slowly(data)


def _slowly(data: bytes) -> Skeleton:
    entities = CSource(data).entities()
    return Skeleton(
        tuple(e for e in entities if e.kind in ("function", "syscall")),
        tuple(e for e in entities if e.kind in ("struct", "union", "enum") and e.body is not None),
        tuple(
            (e.start, e.end) for e in entities if e.kind in ("variable", "declaration", "typedef")
        ),
    )


class _Scan:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.conditions = Conditions()
        self.directives = 0
        self.groups: list[tuple[int, tuple[str, ...]]] = []  # open #ifs, what held before each
        self.functions: list[Extent] = []
        self.aggregates: list[Extent] = []
        self.others: list[tuple[int, int]] = []
        self.start = -1
        self.line = 1
        self.counted = 0

    def run(self) -> Skeleton:
        data, position = self.data, 0
        aggregate: tuple[str, str, int, tuple[int, int]] | None = None
        while (found := _TOP.search(data, position)) is not None:
            if self.start < 0:
                seen = _NOT_SPACE.search(data, position, found.start())
                if seen is not None:
                    self.start = seen.start()
            begin, end = found.span()
            position = end
            kind = found.lastgroup
            if kind == "directive":
                position = self._directive(found[0], begin, end)
            elif kind == "mark":
                mark = found[0]
                if mark == b";":
                    if aggregate is not None:
                        self._aggregate(aggregate, end)
                        aggregate = None
                    elif self.start >= 0:
                        self.others.append((self.start, end))
                    self.start = -1
                elif mark == b"}":
                    raise _Irregular
                else:
                    if self.start < 0:
                        raise _Irregular
                    position = self._past(begin)
                    if aggregate is not None:
                        continue
                    body = (begin, position)
                    head = data[self.start : begin]
                    what = _kind(head)
                    if what is None:
                        continue  # an initialiser: a ; follows
                    kind, name, skipped = what
                    self.start += skipped
                    if kind in ("struct", "union", "enum"):
                        aggregate = (kind, name, self.start, body)
                    else:
                        self._function(kind, name, body)
                        self.start = -1
        if aggregate is not None:
            raise _Irregular
        return Skeleton(tuple(self.functions), tuple(self.aggregates), tuple(self.others))

    def _line_of(self, offset: int) -> int:
        if offset < self.counted:
            self.line, self.counted = 1, 0
        self.line += self.data.count(b"\n", self.counted, offset)
        self.counted = offset
        return self.line

    def _function(self, kind: str, name: str, body: tuple[int, int]) -> None:
        line = self._line_of(self.start)
        self.functions.append(
            Extent(kind, name, self.start, body[1], line, body, self.conditions.now())
        )

    def _aggregate(self, what: tuple[str, str, int, tuple[int, int]], end: int) -> None:
        kind, name, start, body = what
        line = self._line_of(start)
        self.aggregates.append(Extent(kind, name, start, end, line, body, self.conditions.now()))

    def _directive(self, raw: bytes, begin: int, end: int) -> int:
        """Note a directive; return where to go on."""
        self.directives += 1
        found = _CONDITIONAL.match(raw)
        if found is None and self.directives > 2:
            return end
        if found is not None:
            opens = found[1] == b"if"
            if self.start >= 0:
                return self._piece(opens, end)
            if opens:
                self.groups.append((begin, self.conditions.now()))
            elif found[1] == b"endif" and self.groups:
                self.groups.pop()
        tokens = tokenize(raw)
        if tokens:
            self.conditions.take(tokens[0].text.decode("utf-8", "backslashreplace"))
        return end

    def _piece(self, opens: bool, end: int) -> int:
        """Leave a declaration with an ``#if`` inside to the token scan, up to the next ``}``."""
        if opens:
            begin, outer = self.start, self.conditions.now()
        elif self.groups:
            begin, outer = self.groups.pop()
            self.conditions.take("#endif")
        else:
            raise _Irregular
        depth = 0
        for found in _NEUTRAL.finditer(self.data, begin):
            if found[1] is not None:
                depth += 1 if found[1] == b"if" else -1
            elif depth == 0 and found.start() >= end:
                self._take(_slowly(self.data[begin : found.end()]), begin, outer)
                self.start = -1
                return found.end()
        raise _Irregular

    def _take(self, piece: Skeleton, begin: int, outer: tuple[str, ...]) -> None:
        line = self._line_of(begin) - 1

        def moved(extent: Extent) -> Extent:
            body = extent.body
            return Extent(
                extent.kind, extent.name, extent.start + begin, extent.end + begin,
                extent.line + line,
                (body[0] + begin, body[1] + begin) if body is not None else None,
                (*outer, *extent.conditions),
            )  # fmt: skip

        # What stands in the branches before the one where this was noticed is seen again.
        self.functions = [each for each in self.functions if each.start < begin]
        self.aggregates = [each for each in self.aggregates if each.start < begin]
        self.others = [each for each in self.others if each[0] < begin]
        self.functions += map(moved, piece.functions)
        self.aggregates += map(moved, piece.aggregates)
        self.others += [(first + begin, past + begin) for first, past in piece.others]

    def _past(self, brace: int) -> int:
        """Return where the ``}`` that closes a brace ends."""
        data = self.data
        if (
            (brace == 0 or data[brace - 1] == 0x0A)
            and data[brace + 1 : brace + 2] in b"\r\n"
            and b"(" in data[self.start : brace]
        ):
            closing = _CLOSING.search(data, brace)
            if closing is None:
                raise _Irregular
            if data.find(b"\n{", brace, closing.start()) < 0:
                return closing.start() + 2
            # A } that is not where it belongs: count all of them.
        depth, position = 1, brace + 1
        while (found := _INSIDE.search(data, position)) is not None:
            position = found.end()
            text = found[0]
            if text == b"{":
                depth += 1
            elif text == b"}":
                depth -= 1
                if depth == 0:
                    return position
        raise _Irregular


def _kind(head: bytes) -> tuple[str, str, int] | None:
    """Return kind and name of what a ``{`` behind *head* begins, and where in it that starts.

    None for an initialiser. An unnamed aggregate has an empty name.
    """
    if b"/*" in head or b"//" in head:
        return _by_tokens(head)
    if b"(" not in head:
        if b"=" in head:
            return None
        found = _AGGREGATE.search(head)
        if found is None:
            return _by_tokens(head)
        return found[1].decode(), found[2].decode("utf-8", "backslashreplace"), 0
    if head.rstrip().endswith(b"="):
        return None
    found = next(_CALLED.finditer(head), None)
    while found is not None and (found[1] in KEYWORDS or found[1] in TYPE_WORDS):
        found = _CALLED.search(head, found.end())
    if found is None or b"=" in head[: found.start()]:
        return _by_tokens(head)
    word = found[1]
    if word in ANNOTATIONS_WITH_ARGUMENTS or NAMED_BY_ARGUMENT.match(word) or is_macro_name(word):
        return _by_tokens(head)
    depth = 0
    for mark in _PARENTHESIS.finditer(head, found.end() - 1):
        depth += 1 if mark[0] == b"(" else -1
        if depth == 0:
            if head[mark.end() :].strip():
                break
            return "function", word.decode("utf-8", "backslashreplace"), 0
    return _by_tokens(head)


_PARENTHESIS = re.compile(rb"[()]")


def _by_tokens(head: bytes) -> tuple[str, str, int] | None:
    for extent in reversed(CSource(head + b"{\n}\n").entities()):
        if extent.kind in ("function", "syscall"):
            return extent.kind, extent.name, extent.start
        if extent.kind in ("struct", "union", "enum"):
            return extent.kind, extent.name, extent.start
        if extent.kind == "variable":
            return None
    raise _Irregular

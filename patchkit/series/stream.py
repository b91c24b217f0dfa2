# SPDX-License-Identifier: GPL-2.0-only
"""A stretch of a file, or of a template, as the run of words that hunks are matched on.

C becomes its tokens. A preprocessor directive is spelt out between two marks, so that a part of a
long macro can be named; comments are left out, or spelt out word by word when a template names
one. Tables and text become lines with white space squeezed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from patchkit.tree.tokens import Token, tokenize

DIRECTIVE = b"\x01#"
"""Begins a directive; its end is DIRECTIVE_END, of no width."""
DIRECTIVE_END = b"\x01\n"
COMMENT = b"\x00/*"
"""Begins a comment; its words carry a leading NUL, so that none is taken for a token."""
COMMENT_END = b"\x00*/"

_OPEN = (b"(", b"[", b"{")
_CLOSE = (b")", b"]", b"}")
_WORD = re.compile(rb"\S+")


@dataclass(slots=True)
class Stream:
    """Words with their places: word i is ``data[starts[i]:ends[i]]`` and reads ``texts[i]``.

    ``scopes[i]`` names the bracket nesting before word i: two places have the same number when
    what lies between them is balanced. There is one more scope than words, for the end.
    """

    data: bytes
    texts: list[bytes] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    scopes: list[int] = field(default_factory=list)
    has_comments: bool = False

    def __len__(self) -> int:
        return len(self.texts)


class _Scopes:
    """Numbers bracket nesting as words go by."""

    def __init__(self) -> None:
        self.depth = 0
        self._open: list[tuple[int, int]] = []  # (depth, number)
        self._next = 0

    def here(self) -> int:
        while self._open and self._open[-1][0] > self.depth:
            self._open.pop()
        if not self._open or self._open[-1][0] < self.depth:
            self._open.append((self.depth, self._next))
            self._next += 1
        return self._open[-1][1]


def c_stream(data: bytes, start: int, end: int, *, comments: bool) -> Stream:
    """Return ``data[start:end]`` as C; *start* should be at the beginning of a line or token."""
    return from_tokens(data, tokenize(data[start:end]), start, comments=comments)


def from_tokens(data: bytes, tokens: Iterable[Token], shift: int, *, comments: bool) -> Stream:
    """Return tokens, whose offsets are relative to *shift*, as a stream of *data*."""
    stream = Stream(data)
    texts, starts, ends, scopes = stream.texts, stream.starts, stream.ends, stream.scopes
    state = _Scopes()
    saved: list[int] = []

    def put(text: bytes, first: int, last: int) -> None:
        scopes.append(state.here())
        texts.append(text)
        starts.append(first)
        ends.append(last)

    for token in tokens:
        kind = token.kind
        first, last = token.start + shift, token.end + shift
        if kind == "comment":
            if comments:
                stream.has_comments = True
                _comment(put, state, data, first, last)
            continue
        if kind == "directive":
            _conditional(token.text, state, saved)
            put(DIRECTIVE, first, first + 1)
            state.depth += 1
            # Without line ends nothing inside is taken for another directive.
            inner = data[first + 1 : last].replace(b"\n", b" ")
            for part in tokenize(inner):
                a, b = part.start + first + 1, part.end + first + 1
                if part.kind != "comment":
                    put(part.text, a, b)
                elif comments:
                    stream.has_comments = True
                    _comment(put, state, data, a, b)
            put(DIRECTIVE_END, last, last)
            state.depth -= 1
            continue
        text = token.text
        if kind == "punct":
            if text in _OPEN:
                put(text, first, last)
                state.depth += 1
                continue
            if text in _CLOSE:
                put(text, first, last)
                state.depth -= 1
                continue
        put(text, first, last)
    scopes.append(state.here())
    return stream


def _conditional(text: bytes, state: _Scopes, saved: list[int]) -> None:
    """Let every branch of an ``#if`` start from the nesting before it."""
    if text.startswith(b"#if"):
        saved.append(state.depth)
    elif text.startswith(b"#el") and saved:
        state.depth = saved[-1]
    elif text.startswith(b"#endif") and saved:
        saved.pop()


def _comment(put: object, state: _Scopes, data: bytes, first: int, last: int) -> None:
    """Spell a comment out; the stars that decorate its lines are left out."""
    assert callable(put)
    raw = data[first:last]
    if raw.startswith(b"//"):
        head, tail = 2, 0
    else:
        closed = raw.endswith(b"*/") and len(raw) >= 4
        tail = 2 if closed else 0
        head = 2
        while head < len(raw) - tail and raw[head : head + 1] == b"*":
            head += 1
    put(COMMENT, first, first + head)
    state.depth += 1
    before = head
    for found in _WORD.finditer(raw, head, len(raw) - tail):
        word = found[0]
        new_line = b"\n" in raw[before : found.start()]
        before = found.end()
        if new_line and not word.strip(b"*"):
            continue
        put(b"\x00" + word, first + found.start(), first + found.end())
    put(COMMENT_END, last - tail, last)
    state.depth -= 1


def text_stream(data: bytes, start: int, end: int) -> Stream:
    """Return the lines of ``data[start:end]`` that are not blank, white space squeezed."""
    stream = Stream(data)
    position = start
    while position < end:
        newline = data.find(b"\n", position, end)
        stop = end if newline < 0 else newline
        raw = data[position:stop]
        if stripped := raw.strip():
            first = position + raw.index(stripped[:1])
            stream.texts.append(b" ".join(stripped.split()))
            stream.starts.append(first)
            stream.ends.append(first + len(stripped))
        position = stop + 1
    stream.scopes = [0] * (len(stream.texts) + 1)
    return stream

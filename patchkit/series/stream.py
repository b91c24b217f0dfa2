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

_STEPS = {b"(": 1, b"[": 1, b"{": 1, b")": -1, b"]": -1, b"}": -1}
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


def c_stream(data: bytes, start: int, end: int, *, comments: bool) -> Stream:
    """Return ``data[start:end]`` as C; *start* should be at the beginning of a line or token.

    Without *comments* they are left out.
    """
    reader = _Reader(data, comments)
    reader.read(tokenize(data[start:end]), start)
    return reader.stream


class _Reader:
    """Fills a stream from tokens, numbering bracket nesting on the way."""

    def __init__(self, data: bytes, comments: bool) -> None:
        self.stream = Stream(data)
        self.comments = comments
        self.depth = 0
        self._scope = 0
        self._open: list[tuple[int, int]] = [(0, 0)]  # (depth, number of the scope)
        self._last = 0
        self._branches: list[int] = []

    def read(self, tokens: Iterable[Token], shift: int) -> None:
        """Add tokens, whose offsets are relative to *shift*, and the scope of the end."""
        stream = self.stream
        texts, starts, ends = stream.texts.append, stream.starts.append, stream.ends.append
        scopes = stream.scopes.append
        for token in tokens:
            kind = token.kind
            if kind == "comment":
                self._comment(token.start + shift, token.end + shift)
                continue
            if kind == "directive":
                self._directive(token, shift)
                continue
            text = token.text
            scopes(self._scope)
            texts(text)
            starts(token.start + shift)
            ends(token.end + shift)
            if text in _STEPS and kind == "punct":
                self._nest(self.depth + _STEPS[text])
        scopes(self._scope)

    def _nest(self, depth: int) -> None:
        """Go to another depth: the scope left behind is over once it is gone below."""
        self.depth = depth
        opened = self._open
        while opened and opened[-1][0] > depth:
            opened.pop()
        if not opened or opened[-1][0] < depth:
            self._last += 1
            opened.append((depth, self._last))
        self._scope = opened[-1][1]

    def _put(self, text: bytes, first: int, last: int) -> None:
        stream = self.stream
        stream.scopes.append(self._scope)
        stream.texts.append(text)
        stream.starts.append(first)
        stream.ends.append(last)

    def _directive(self, token: Token, shift: int) -> None:
        """Spell a directive out, and let every branch of an ``#if`` start from the same depth."""
        if token.text.startswith(b"#if"):
            self._branches.append(self.depth)
        elif token.text.startswith(b"#el") and self._branches:
            self._nest(self._branches[-1])
        elif token.text.startswith(b"#endif") and self._branches:
            self._branches.pop()
        first, last = token.start + shift, token.end + shift
        depth = self.depth
        self._put(DIRECTIVE, first, first + 1)
        self._nest(depth + 1)
        # Without line ends nothing inside is taken for another directive.
        for part in tokenize(self.stream.data[first + 1 : last].replace(b"\n", b" ")):
            a, b = part.start + first + 1, part.end + first + 1
            if part.kind == "comment":
                self._comment(a, b)
            else:
                self._put(part.text, a, b)
        self._put(DIRECTIVE_END, last, last)
        self._nest(depth)

    def _comment(self, first: int, last: int) -> None:
        """Spell a comment out; the stars that decorate its lines are left out."""
        if not self.comments:
            return
        self.stream.has_comments = True
        raw = self.stream.data[first:last]
        head, tail = 2, 0
        if not raw.startswith(b"//"):
            tail = 2 if raw.endswith(b"*/") and len(raw) >= 4 else 0
            while head < len(raw) - tail and raw[head : head + 1] == b"*":
                head += 1
        depth = self.depth
        self._put(COMMENT, first, first + head)
        self._nest(depth + 1)
        before = head
        for found in _WORD.finditer(raw, head, len(raw) - tail):
            word = found[0]
            new_line = b"\n" in raw[before : found.start()]
            before = found.end()
            if new_line and not word.strip(b"*"):
                continue
            self._put(b"\x00" + word, first + found.start(), first + found.end())
        self._put(COMMENT_END, last - tail, last)
        self._nest(depth)


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

# SPDX-License-Identifier: GPL-2.0-only
"""Rewrite kernel macros into plain C of the same length, so that a C grammar can parse the file.

Every byte keeps its offset and every newline stays: what a macro means to the compiler does not
matter here, only that the statements around it keep their shape. ``SYSCALL_DEFINE2(mlock, …)``
becomes a function, ``for_each_vma(vmi, vma)`` a ``while``, ``__init`` blanks. No code is hidden:
only macro names, annotations and file-scope invocations are overwritten.
"""

from __future__ import annotations

from collections.abc import Sequence

from patchkit.tree.branches import ragged_groups
from patchkit.tree.entities import Extent
from patchkit.tree.rewriting import CLOSING, Rewriter
from patchkit.tree.tokens import Token
from patchkit.tree.vocabulary import (
    ANNOTATIONS,
    ANNOTATIONS_WITH_ARGUMENTS,
    KEYWORDS,
    LOOP,
    NAMED_BY_ARGUMENT,
    SCOPE,
    SYSTEM_CALL,
    TYPEOF,
)

_UNSPLIT = ("list", "enumerators", "arguments", "parentheses")
"""Where no grammar expects an ``#if``."""
_CONDITIONALS = (b"if", b"el", b"endif")
_SPLITTING = (*_CONDITIONALS, b"define", b"undef")
_ADJACENT = 8
"""So many words may stand before a string, or before a brace, that are looked at together."""
_SPECIFIERS = (b"static", b"extern", b"const", b"register")


class _Blanker(Rewriter):
    """One file; one use."""

    def __init__(self, data: bytes, tokens: Sequence[Token], extents: Sequence[Extent]) -> None:
        super().__init__(data, tokens)
        self.ragged = ragged_groups(self.code)
        self.bodies = {extent.body[0]: extent.kind for extent in extents if extent.body is not None}
        self.local = _own_annotations(tokens)
        self.heads = {extent.start for extent in extents if extent.kind == "syscall"}
        self.invocations = {
            extent.start: extent.end for extent in extents if extent.kind == "invocation"
        }

    def run(self) -> bytes:
        """Go over the file once and return the new text."""
        contexts: list[tuple[str, int]] = [("file", -1)]  # (what, position of its closing token)
        position = 0
        while position < len(self.code):
            token = self.code[position]
            while len(contexts) > 1 and contexts[-1][1] < position:
                contexts.pop()
            context = contexts[-1][0]
            if token.start in self.invocations and context == "file":
                end = self.invocations[token.start]
                if self._may_vanish(token, end):
                    self.blank(token.start, end)
                    while position < len(self.code) and self.code[position].start < end:
                        position += 1
                    continue
            if token.kind == "directive":
                if context in _UNSPLIT:
                    self._blank_directive(token, _SPLITTING)
                elif context in ("body", "file") and position in self.ragged:
                    self._blank_directive(token, _CONDITIONALS)
            elif token.kind == "ident":
                position = self._word(position, context)
                continue
            elif token.text == b"..." and context == "body":
                self.case_range(position)
            elif token.kind == "punct" and token.text in CLOSING and self.match[position] >= 0:
                contexts.append((self._context(position, context), self.match[position]))
            position += 1
        return bytes(self.out)

    def _may_vanish(self, token: Token, end: int) -> bool:
        """A macro that is used like a prototype may as well stay; all others go."""
        return b"\n#" not in self.data[token.start : end]

    def _blank_directive(self, token: Token, words: tuple[bytes, ...]) -> None:
        """Take a directive out of a place where no grammar expects one."""
        if token.text[1:].lstrip().startswith(words):
            self.blank(token.start, token.end)

    def _context(self, position: int, outer: str) -> str:
        """Name what an opening token begins."""
        token = self.code[position]
        before = self.code[position - 1] if position else token
        if token.text == b"(":
            called = before.kind == "ident" and before.text not in KEYWORDS
            return "arguments" if called else "parentheses"
        if token.text == b"[":
            return "parentheses"
        kind = self.bodies.get(token.start, "")
        if kind:
            return {
                "function": "body", "syscall": "body", "enum": "enumerators",
                "struct": "members", "union": "members",
            }.get(kind, "list")  # fmt: skip
        back = position - 1
        while back >= 0 and self.code[back].kind == "ident" and position - back < _ADJACENT:
            if self.code[back].text in (b"struct", b"union"):
                return "members"
            if self.code[back].text == b"enum":
                return "enumerators"
            back -= 1
        if before.text == b"=" or outer == "list":
            return "list"
        if before.text == b")" and self._is_literal(position - 1):
            return "list"
        return "body"

    def _is_literal(self, closing: int) -> bool:
        """Tell whether ``(…)`` before a ``{`` is a compound literal's type."""
        opening = self.opening.get(closing, 0)
        before = self.code[opening - 1].text if opening > 0 else b""
        return before in (b"=", b",", b"(", b"return", b"&", b"?", b":", b"[", b"*")

    def _word(self, position: int, context: str) -> int:
        """Handle an identifier; return the position to go on from."""
        token = self.code[position]
        word = token.text
        after = self.code[position + 1] if position + 1 < len(self.code) else None
        if word in ANNOTATIONS or word in self.local:
            self.blank(token.start, token.end)
            return position + 1
        if word in (b"__alignof__", b"__alignof"):
            self.put(token.start, token.end, b"sizeof")
            return position + 1
        if word == b"auto" and context != "arguments":
            self.put(token.start, token.end, b"long")
            return position + 1
        if context == "arguments" and self._before_string(position):
            # KERN_INFO PREFIX "text": one macro before a string is all that the grammar takes.
            self.blank(token.start, token.end)
            return position + 1
        if after is None or after.text != b"(" or self.match[position + 1] < 0:
            return position + 1
        closing = self.match[position + 1]
        if word in ANNOTATIONS_WITH_ARGUMENTS and self._annotates(position, context):
            self.blank(token.start, self.code[closing].end)
            return closing + 1
        if word in TYPEOF:
            self.blank(after.start, self.code[closing].end)
            return closing + 1
        if (context == "file" and token.start in self.heads) or SYSTEM_CALL.match(word):
            if self.system_call(position, closing):
                return closing + 1
        elif NAMED_BY_ARGUMENT.match(word) and self.system_call(position, closing):
            return closing + 1
        if context == "file":
            return self.file_macro(position, closing)
        if context == "members":
            return self.member_macro(position, closing)
        if context == "enumerators":
            return self.enumerator_macro(position, closing)
        if word == b"offsetof":
            self.offset_of(position, closing)
        elif context in ("body", "arguments", "parentheses", "list"):
            if context == "body":
                if word == b"DECLARE_BITMAP" and self.array(position, closing):
                    return closing + 1
                self._statement_macro(position, closing)
            if word not in KEYWORDS:
                self.type_arguments(position + 1, closing)
        return position + 1

    def _before_string(self, position: int) -> bool:
        """Tell whether a word is the first of several before a string."""
        here = position + 1
        while here < min(len(self.code), position + _ADJACENT) and self.code[here].kind == "ident":
            here += 1
        return here > position + 1 and here < len(self.code) and self.code[here].kind == "string"

    def _annotates(self, position: int, context: str) -> bool:
        if context in ("file", "members") or position == 0:
            return True
        before = self.code[position - 1]
        return before.kind == "ident" or before.text in (b"*", b")", b"]", b"}")

    def _statement_macro(self, position: int, closing: int) -> None:
        """Loop heads and scopes in statement position, and ``static DEFINE_X(y);``."""
        token = self.code[position]
        word = token.text
        before = self.code[position - 1] if position else token
        if word in KEYWORDS:
            return
        if before.text in _SPECIFIERS:
            self.blank(before.start, before.end)
            return
        following = self.code[closing + 1] if closing + 1 < len(self.code) else None
        starts = before.kind == "directive" or before.text in (
            b";",
            b"{",
            b"}",
            b")",
            b"else",
            b"do",
            b":",
        )
        if following is None or not starts:
            return
        block = following.text == b"{"
        statement = following.kind in ("ident", "directive") or following.text in (
            b"(", b"*", b"++", b"--", b"{"
        )  # fmt: skip
        if SCOPE.match(word) and statement:
            self.scope(position, closing)
        elif (
            (LOOP.match(word) and (statement or following.text == b";"))
            or block
            or (statement and self._deeper(position, closing + 1))
        ):
            self.put(token.start, token.end, b"while" if len(word) >= 5 else b"if")

    def _deeper(self, first: int, second: int) -> bool:
        """Tell whether a token begins a line that is indented more than another's line.

        So it is behind ``skb_walk_frags(skb, frag)``, which no name shows to be a loop.
        """
        here, there = self.code[first], self.code[second]
        if there.line <= self.code[second - 1].line:
            return False
        return self._column(here.start) < self._column(there.start) and self._begins(first)

    def _begins(self, position: int) -> bool:
        """Tell whether only white space is before a token on its line."""
        start = self.code[position].start
        return not self.data[self.data.rfind(b"\n", 0, start) + 1 : start].strip()

    def _column(self, offset: int) -> int:
        start = self.data.rfind(b"\n", 0, offset) + 1
        return len(self.data[start:offset].expandtabs())


def _own_annotations(tokens: Sequence[Token]) -> frozenset[bytes]:
    """Return the words that the file itself defines as attributes, or as nothing."""
    found: set[bytes] = set()
    for token in tokens:
        if token.kind == "directive" and token.text.startswith(b"#define "):
            words = token.text.split(b" ", 2)
            value = words[2] if len(words) > 2 else b""
            if words[1].replace(b"_", b"").isalnum() and (
                value.startswith(b"__attribute__")
                or all(word in ANNOTATIONS for word in value.split())
            ):
                found.add(words[1])
    return frozenset(found)


def blank_macros(data: bytes, tokens: Sequence[Token], extents: Sequence[Extent]) -> bytes:
    """Return *data* with kernel macros rewritten; same length, same newlines."""
    return _Blanker(data, tokens, extents).run()

# SPDX-License-Identifier: GPL-2.0-only
"""Rewrite kernel macros into plain C of the same length, so that a C grammar can parse the file.

Every byte keeps its offset and every newline stays: what a macro means to the compiler does not
matter here, only that the statements around it keep their shape. ``SYSCALL_DEFINE2(mlock, …)``
becomes a function, ``for_each_vma(vmi, vma)`` a ``while``, ``__init`` blanks. No code is hidden:
only macro names, annotations and file-scope invocations are overwritten.
"""

from __future__ import annotations

from collections.abc import Sequence

from patchkit.tree.entities import Extent
from patchkit.tree.tokens import Token
from patchkit.tree.vocabulary import (
    ANNOTATIONS,
    ANNOTATIONS_WITH_ARGUMENTS,
    KEYWORDS,
    LOOP,
    NAMED_BY_ARGUMENT,
    SCOPE,
    SYSTEM_CALL,
    TYPE_WORDS,
    TYPEOF,
)

_CLOSING = {b"(": b")", b"[": b"]", b"{": b"}"}
_SPECIFIERS = (b"static", b"extern", b"const", b"register")


class _Blanker:
    """One file; one use."""

    def __init__(self, data: bytes, tokens: Sequence[Token], extents: Sequence[Extent]) -> None:
        self.data = data
        self.out = bytearray(data)
        self.code = [token for token in tokens if token.kind != "comment"]
        self.match = self._matches()
        self.bodies = {
            extent.body[0]: extent.kind for extent in extents if extent.body is not None
        }
        self.heads = {extent.start for extent in extents if extent.kind == "syscall"}
        self.invocations = {
            extent.start: extent.end for extent in extents if extent.kind == "invocation"
        }

    def _matches(self) -> list[int]:
        """Return, for each opening token, where its group closes; -1 for all others."""
        match = [-1] * len(self.code)
        stack: list[int] = []
        for position, token in enumerate(self.code):
            if token.kind != "punct":
                continue
            if token.text in _CLOSING:
                stack.append(position)
            elif token.text in (b")", b"]", b"}"):
                # A brace closes whatever is open inside it; others close only their like.
                depth = len(stack)
                while token.text == b"}" and depth and self.code[stack[depth - 1]].text != b"{":
                    depth -= 1
                if depth and _CLOSING[self.code[stack[depth - 1]].text] == token.text:
                    match[stack[depth - 1]] = position
                    del stack[depth - 1 :]
        return match

    # Overwriting

    def blank(self, start: int, end: int) -> None:
        """Overwrite bytes with blanks, newlines and tabs excepted."""
        self.out[start:end] = bytes(
            byte if byte in b"\n\r\t" else 0x20 for byte in self.data[start:end]
        )

    def put(self, start: int, end: int, text: bytes) -> bool:
        """Overwrite ``start:end`` with *text* and blanks; False when there is no room."""
        if len(text) > end - start or b"\n" in self.data[start : start + len(text)]:
            return False
        self.blank(start, end)
        self.out[start : start + len(text)] = text
        return True

    # The pass

    def run(self) -> bytes:
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
                if context in ("list", "enumerators", "arguments", "parentheses"):
                    self._conditional(token)
            elif token.kind == "ident":
                position = self._word(position, context)
                continue
            elif token.kind == "punct" and token.text in _CLOSING and self.match[position] >= 0:
                contexts.append((self._context(position, context), self.match[position]))
            position += 1
        return bytes(self.out)

    def _may_vanish(self, token: Token, end: int) -> bool:
        """A macro that is used like a prototype may as well stay; all others go."""
        return b"\n#" not in self.data[token.start : end]

    def _conditional(self, token: Token) -> None:
        """Take an ``#if`` out of an expression or list, where no grammar expects one."""
        word = token.text[1:].split(b" ", 1)[0].strip()
        if word.startswith((b"if", b"el", b"endif")):
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
        while back >= 0 and self.code[back].kind == "ident" and position - back < 6:
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
        opening = closing
        depth = 0
        while opening >= 0:
            text = self.code[opening].text
            depth += (text == b")") - (text == b"(")
            if depth == 0:
                break
            opening -= 1
        before = self.code[opening - 1].text if opening > 0 else b""
        return before in (b"=", b",", b"(", b"return", b"&", b"?", b":", b"[", b"*")

    def _word(self, position: int, context: str) -> int:
        """Handle an identifier; return the position to go on from."""
        token = self.code[position]
        word = token.text
        after = self.code[position + 1] if position + 1 < len(self.code) else None
        if word in ANNOTATIONS:
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
            if self._system_call(position, closing):
                return closing + 1
        elif NAMED_BY_ARGUMENT.match(word) and self._system_call(position, closing):
            return closing + 1
        if context == "members":
            return self._member_macro(position, closing)
        if context == "enumerators":
            return self._enumerator_macro(position, closing)
        if context in ("body", "arguments", "parentheses", "list"):
            if context == "body":
                self._statement_macro(position, closing)
            if word not in KEYWORDS:
                self._type_arguments(position + 1, closing)
        return position + 1

    def _annotates(self, position: int, context: str) -> bool:
        if context in ("file", "members") or position == 0:
            return True
        before = self.code[position - 1]
        return before.kind == "ident" or before.text in (b"*", b")", b"]", b"}")

    def _arguments(self, opening: int, closing: int) -> list[tuple[int, int]]:
        """Return the positions (first, past last) of each argument."""
        result: list[tuple[int, int]] = []
        first = position = opening + 1
        while position < closing:
            token = self.code[position]
            if token.text == b"," and token.kind == "punct":
                result.append((first, position))
                first = position + 1
            elif self.match[position] > position:
                position = self.match[position]
            position += 1
        if first < closing or result:
            result.append((first, closing))
        return result

    # The shapes

    def _system_call(self, position: int, closing: int) -> bool:
        """``SYSCALL_DEFINE2(name, t1, a1, t2, a2)`` → ``long name(t1 a1, t2 a2)``."""
        opening = position + 1
        arguments = self._arguments(opening, closing)
        if not arguments or arguments[0][1] != arguments[0][0] + 1:
            return False
        name = self.code[arguments[0][0]]
        head, parenthesis = self.code[position], self.code[opening]
        if len(arguments) == 1:
            # No comma to turn into "(": the name moves to the left by one byte.
            if parenthesis.end != name.start or self.code[closing].start != name.end:
                return False
            self.put(head.start, parenthesis.start, b"long")
            self.out[parenthesis.start : name.end] = name.text + b"("
            return True
        if not self.put(head.start, parenthesis.end, b"long"):
            return False
        for number, (_, past) in enumerate(arguments[:-1]):
            comma = self.code[past]
            if number == 0:
                self.out[comma.start] = ord("(")
            elif number % 2 == 1:
                self.out[comma.start] = 0x20
        for first, past in arguments[1:]:
            for inner in range(first, past):
                if self.code[inner].text in ANNOTATIONS:
                    self.blank(self.code[inner].start, self.code[inner].end)
        return True

    def _member_macro(self, position: int, closing: int) -> int:
        """Macros among the members of a struct."""
        token = self.code[position]
        word = token.text
        before = self.code[position - 1]
        starts = before.text in (b"{", b";", b"}") or before.kind == "directive" or (
            before.text == b")" and before.line < token.line
        )
        if not starts or self.code[position + 2].text == b"*":
            return position + 1
        arguments = self._arguments(position + 1, closing)
        close = self.code[closing]
        skip = {b"struct_group": 1, b"struct_group_attr": 2, b"struct_group_tagged": 2,
                b"__struct_group": 3}.get(word, 0)  # fmt: skip
        if skip and len(arguments) > skip:
            self.blank(token.start, self.code[arguments[skip][0]].start)
            self.blank(close.start, close.end)
            if closing + 1 < len(self.code) and self.code[closing + 1].text == b";":
                self.blank(self.code[closing + 1].start, self.code[closing + 1].end)
            return arguments[skip][0]
        if word.startswith(b"DECLARE_FLEX_ARRAY") and len(arguments) == 2:
            self.blank(token.start, self.code[arguments[0][0]].start)
            comma = self.code[arguments[0][1]]
            self.blank(comma.start, comma.end)
            self.blank(close.start, close.end)
            return arguments[0][0]
        if word.startswith((b"DECLARE_", b"DEFINE_")) and len(arguments) == 2:
            comma = self.code[arguments[0][1]]
            self.put(token.start, self.code[position + 1].end, b"long")
            self.out[comma.start] = ord("[")
            self.out[close.start] = ord("]")
            return closing + 1
        end = closing
        if closing + 1 < len(self.code) and self.code[closing + 1].text == b";":
            end = closing + 1
        following = self.code[closing + 1].text if closing + 1 < len(self.code) else b""
        if following in (b";", b"}") or self.code[closing + 1].line > close.line:
            self.blank(token.start, self.code[end].end)
            return end + 1
        return position + 1

    def _enumerator_macro(self, position: int, closing: int) -> int:
        """``DECLARE_VMA_BIT(NAME, 3),`` among enumerators → ``NAME = 3,``."""
        before = self.code[position - 1]
        if before.text not in (b"{", b",") and before.kind != "directive":
            return position + 1
        arguments = self._arguments(position + 1, closing)
        if not arguments:
            return position + 1
        self.blank(self.code[position].start, self.code[position + 1].end)
        close = self.code[closing]
        self.blank(close.start, close.end)
        if len(arguments) >= 2:
            self.out[self.code[arguments[0][1]].start] = ord("=")
        return closing + 1

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
        starts = (
            before.kind == "directive"
            or before.text in (b";", b"{", b"}", b")", b"else", b"do", b":")
        )
        if following is None or not starts:
            return
        block = following.text == b"{"
        statement = following.kind in ("ident", "directive") or following.text in (
            b"(", b"*", b"++", b"--", b"{"
        )  # fmt: skip
        if SCOPE.match(word) and statement:
            self._scope(position, closing)
        elif (LOOP.match(word) and (statement or following.text == b";")) or block:
            self.put(token.start, token.end, b"while" if len(word) >= 5 else b"if")

    def _scope(self, position: int, closing: int) -> None:
        token = self.code[position]
        self.put(token.start, token.end, b"if")
        for first, past in self._arguments(position + 1, closing):
            if self.code[first].text in (b"return", b"goto", b"break", b"continue"):
                self.put(self.code[first].start, self.code[past - 1].end, b"0")

    def _type_arguments(self, opening: int, closing: int) -> None:
        """``min_t(unsigned long, a, b)``: make the type one identifier."""
        for first, past in self._arguments(opening, closing):
            words = self.code[first:past]
            if not words or words[0].kind != "ident":
                continue
            typed = words[0].text in TYPE_WORDS or (len(words) > 1 and words[-1].text == b"*")
            if not typed or any(
                token.kind != "ident" and token.text != b"*" for token in words
            ):
                continue
            start, end = words[0].start, words[-1].end
            text = bytes(
                byte if chr(byte).isalnum() else 0x5F for byte in self.data[start:end]
            )
            if b"\n" not in self.data[start:end]:
                self.out[start:end] = text[:1].upper() + text[1:]


def blank_macros(data: bytes, tokens: Sequence[Token], extents: Sequence[Extent]) -> bytes:
    """Return *data* with kernel macros rewritten; same length, same newlines."""
    return _Blanker(data, tokens, extents).run()

# SPDX-License-Identifier: GPL-2.0-only
"""The shapes of kernel macros, and how each is overwritten with plain C of the same length."""

from __future__ import annotations

from collections.abc import Sequence

from patchkit.tree.tokens import Token
from patchkit.tree.vocabulary import ANNOTATIONS, TYPE_WORDS, is_macro_name

CLOSING = {b"(": b")", b"[": b"]", b"{": b"}"}
_GROUPS = {b"struct_group": 1, b"struct_group_attr": 2, b"struct_group_tagged": 2,
           b"__struct_group": 3}  # fmt: skip
"""Macros around members, and how many arguments come before the members."""


class Rewriter:
    """A file's bytes and tokens, and the changes to them. Positions are indices of ``code``."""

    def __init__(self, data: bytes, tokens: Sequence[Token]) -> None:
        self.data = data
        self.out = bytearray(data)
        self.code = [token for token in tokens if token.kind != "comment"]
        self.match = self.matches()
        self.opening = {closing: opening for opening, closing in enumerate(self.match)
                        if closing >= 0}  # fmt: skip

    def matches(self) -> list[int]:
        """Return, for each opening token, where its group closes; -1 for all others."""
        match = [-1] * len(self.code)
        stack: list[int] = []
        for position, token in enumerate(self.code):
            if token.kind != "punct":
                continue
            if token.text in CLOSING:
                stack.append(position)
            elif token.text in (b")", b"]", b"}"):
                # A brace closes whatever is open inside it; others close only their like.
                depth = len(stack)
                while token.text == b"}" and depth and self.code[stack[depth - 1]].text != b"{":
                    depth -= 1
                if depth and CLOSING[self.code[stack[depth - 1]].text] == token.text:
                    match[stack[depth - 1]] = position
                    del stack[depth - 1 :]
        return match

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

    def arguments(self, opening: int, closing: int) -> list[tuple[int, int]]:
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

    def system_call(self, position: int, closing: int) -> bool:
        """``SYSCALL_DEFINE2(name, t1, a1, t2, a2)`` → ``long name(t1 a1, t2 a2)``."""
        opening = position + 1
        arguments = self.arguments(opening, closing)
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

    def member_macro(self, position: int, closing: int) -> int:
        """Macros among the members of a struct."""
        token = self.code[position]
        word = token.text
        before = self.code[position - 1]
        starts = (
            before.text in (b"{", b";", b"}")
            or before.kind == "directive"
            or (before.text == b")" and before.line < token.line)
        )
        if not starts or self.code[position + 2].text == b"*":
            return position + 1
        arguments = self.arguments(position + 1, closing)
        close = self.code[closing]
        skip = _GROUPS.get(word, 0)
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
        if word.startswith((b"DECLARE_", b"DEFINE_")) and self.array(position, closing):
            return closing + 1
        end = closing
        if closing + 1 < len(self.code) and self.code[closing + 1].text == b";":
            end = closing + 1
        following = self.code[closing + 1].text if closing + 1 < len(self.code) else b""
        if following in (b"", b";", b"}") or self.code[closing + 1].line > close.line:
            self.blank(token.start, self.code[end].end)
            return end + 1
        return position + 1

    def array(self, position: int, closing: int) -> bool:
        """``DECLARE_BITMAP(name, bits)`` → ``long name[bits]``."""
        arguments = self.arguments(position + 1, closing)
        if len(arguments) != 2:
            return False
        self.put(self.code[position].start, self.code[position + 1].end, b"long")
        self.out[self.code[arguments[0][1]].start] = ord("[")
        self.out[self.code[closing].start] = ord("]")
        return True

    def file_macro(self, position: int, closing: int) -> int:
        """``static DEFINE_PER_CPU(type, name) = …`` → ``static type name = …``, and the like."""
        token, close = self.code[position], self.code[closing]
        if not is_macro_name(token.text) or closing + 1 >= len(self.code):
            return position + 1
        arguments = self.arguments(position + 1, closing)
        per_cpu = token.text.startswith((b"DEFINE_PER_CPU", b"DECLARE_PER_CPU"))
        if per_cpu and len(arguments) >= 2 and arguments[0][0] < arguments[0][1]:
            self.blank(token.start, self.code[position + 1].end)
            comma = self.code[arguments[0][1]]
            self.blank(comma.start, comma.end)
            self.blank(self.code[arguments[1][1]].start, close.end)
            return closing + 1
        before = self.code[position - 1] if position else token
        if before.text == b"static" and self.code[closing + 1].text == b";":
            self.blank(before.start, self.code[closing + 1].end)
            return closing + 2
        return position + 1

    def enumerator_macro(self, position: int, closing: int) -> int:
        """``DECLARE_VMA_BIT(NAME, 3),`` among enumerators → ``NAME = 3,``."""
        before = self.code[position - 1]
        if before.text not in (b"{", b",") and before.kind != "directive":
            return position + 1
        arguments = self.arguments(position + 1, closing)
        if not arguments:
            return position + 1
        self.blank(self.code[position].start, self.code[position + 1].end)
        close = self.code[closing]
        self.blank(close.start, close.end)
        if len(arguments) >= 2:
            self.out[self.code[arguments[0][1]].start] = ord("=")
        return closing + 1

    def case_range(self, position: int) -> None:
        """``case 0 ... 5:`` → ``case 0      :``."""
        end = position
        last = min(len(self.code), position + 32)  # an expression; no quadratic search
        while end < last and self.code[end].text not in (b":", b";", b"{", b"}"):
            end += 1
        if end < len(self.code) and self.code[end].text == b":":
            self.blank(self.code[position].start, self.code[end].start)

    def offset_of(self, position: int, closing: int) -> None:
        """``offsetof(struct a, b.c[1])`` → ``offsetof(struct a, b     )``."""
        arguments = self.arguments(position + 1, closing)
        if len(arguments) == 2 and arguments[1][1] > arguments[1][0] + 1:
            self.blank(self.code[arguments[1][0]].end, self.code[closing].start)

    def scope(self, position: int, closing: int) -> None:
        """``scoped_cond_guard(mutex_intr, return -EINTR, &m)`` → ``if (mutex_intr, 0, &m)``."""
        token = self.code[position]
        self.put(token.start, token.end, b"if")
        for first, past in self.arguments(position + 1, closing):
            if self.code[first].text in (b"return", b"goto", b"break", b"continue"):
                self.put(self.code[first].start, self.code[past - 1].end, b"0")

    def type_arguments(self, opening: int, closing: int) -> None:
        """``min_t(unsigned long, a, b)``: make the type one identifier."""
        for first, past in self.arguments(opening, closing):
            words = self.code[first:past]
            if not words or words[0].kind != "ident":
                continue
            typed = words[0].text in TYPE_WORDS or (len(words) > 1 and words[-1].text == b"*")
            if not typed or any(token.kind != "ident" and token.text != b"*" for token in words):
                continue
            start, end = words[0].start, words[-1].end
            text = bytes(byte if chr(byte).isalnum() else 0x5F for byte in self.data[start:end])
            if b"\n" not in self.data[start:end]:
                self.out[start:end] = text[:1].upper() + text[1:]
            elif len(words) > 1:
                # On two lines: the first word stands for all.
                self.blank(words[0].end, end)
                self.out[start : start + 1] = text[:1].upper()

# SPDX-License-Identifier: GPL-2.0-only
"""Find the top-level entities of a C file by its tokens alone.

This is the arbiter where a grammar gives up: it counts braces, follows both branches of every
``#if``, and knows how the kernel lays out its functions. It never looks inside bodies.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from patchkit.tree.conditions import Conditions
from patchkit.tree.declaration import BRACES, head_of_body, statement
from patchkit.tree.tokens import Token
from patchkit.tree.vocabulary import is_annotation, is_macro_name


@dataclass(frozen=True, slots=True)
class Extent:
    """One top-level entity: ``data[start:end]``.

    *start* is the first byte of its declaration (return type, ``static``, SYSCALL_DEFINE…), *end*
    is past the closing brace or ``;``; *line* is the line of *start*, from 1. *body* reaches from
    ``{`` to past ``}``. *conditions* is the stack of ``#if`` that the body (or, without one, the
    end) stands under, outermost first. An unnamed struct, union or enum is known by the first word
    inside it, a macro used at file scope (kind ``invocation``) by ``MACRO(first argument)``.
    """

    kind: str
    name: str
    start: int
    end: int
    line: int
    body: tuple[int, int] | None
    conditions: tuple[str, ...]


@dataclass(slots=True)
class _Open:
    """A ``{`` at file scope that is not closed yet."""

    kind: str
    name: str
    start: Token
    brace: Token
    column_zero: bool
    conditions: tuple[str, ...]


class _Stack:
    """Open brackets as a linked list, so that a snapshot costs nothing."""

    __slots__ = ("below", "braces", "text")

    def __init__(self, text: bytes, below: _Stack | None) -> None:
        self.text = text
        self.below = below
        self.braces: int = (below.braces if below is not None else 0) + (text == b"{")


@dataclass(slots=True)
class _State:
    """Where the scan is in the file's structure; saved at ``#if``, restored at ``#else``."""

    stack: _Stack | None
    declaration: list[Token]
    length: int
    open: _Open | None


@dataclass(slots=True)
class _Branch:
    """An ``#if`` that has not ended yet."""

    directive: Token
    before: _State
    heads: list[_Open]
    unfinished: bool


class _Scan:
    """The scan itself; one use."""

    def __init__(self, data: bytes, tokens: Sequence[Token]) -> None:
        self.data = data
        self.tokens = tokens
        self.found: list[Extent] = []
        self.conditions = Conditions()
        self.branches: list[_Branch] = []
        self.state = _State(None, [], 0, None)
        self.start_override: Token | None = None
        self.other_heads: list[_Open] = []

    def run(self) -> tuple[Extent, ...]:
        for token in self.tokens:
            kind = token.kind
            if kind == "comment":
                continue
            if kind == "directive":
                self._directive(token)
                continue
            state = self.state
            stack = state.stack
            if stack is None or stack.braces == 0:
                self._at_file_scope(token)
            elif kind == "punct":
                self._inside(token)
        if self.state.stack is None and self._ends_in_macro():
            self._finish(self.state.declaration[self.state.length - 1])
        self.found.sort(key=lambda extent: (extent.start, extent.end))
        return tuple(self.found)

    # File scope

    def _at_file_scope(self, token: Token) -> None:
        state = self.state
        text = token.text if token.kind == "punct" else b""
        if state.stack is None:
            if text == b";":
                self._finish(token)
                return
            if text == b"{":
                self._open_body(token)
                return
            if text == b"}":
                self._reset()
                return
            if token.kind == "ident" and self._invocation_before(token):
                self._finish(state.declaration[-1])
        elif text == b"{":
            state.stack = _Stack(text, state.stack)
            return
        self._bracket(text)
        state = self.state
        del state.declaration[state.length :]
        state.declaration.append(token)
        state.length += 1

    def _bracket(self, text: bytes) -> None:
        state = self.state
        if text in (b"(", b"["):
            state.stack = _Stack(text, state.stack)
        elif text in (b")", b"]") and state.stack is not None:
            wanted = b"(" if text == b")" else b"["
            if state.stack.text == wanted:
                state.stack = state.stack.below

    def _invocation_before(self, token: Token) -> bool:
        """Tell whether the declaration so far is ``MACRO(…)`` that ends without a semicolon."""
        if not self._ends_in_macro():
            return False
        state = self.state
        first, last = state.declaration[0], state.declaration[state.length - 1]
        if is_annotation(first.text) or (is_annotation(token.text) and token.line == last.line):
            return False
        return token.line > last.line or is_macro_name(first.text)

    def _ends_in_macro(self) -> bool:
        """Tell whether the declaration so far looks like ``WORD(…)``."""
        state = self.state
        if state.length < 3:
            return False
        first, second, last = (
            state.declaration[0], state.declaration[1], state.declaration[state.length - 1]
        )  # fmt: skip
        return first.kind == "ident" and second.text == b"(" and last.text == b")"

    def _current(self) -> list[Token]:
        return self.state.declaration[: self.state.length]

    def _reset(self) -> None:
        self.state.declaration = []
        self.state.length = 0
        self.start_override = None

    def _finish(self, last: Token) -> None:
        """Note what a declaration without a function body declares."""
        tokens = self._current()
        if tokens:
            first = self.start_override or tokens[0]
            body = next((t for t in tokens if t.kind == BRACES), None)
            for kind, name in statement(tokens):
                self._add(
                    kind, name, first, last.end,
                    (body.start, body.end) if body is not None else None, self.conditions.now(),
                )  # fmt: skip
        self._reset()

    def _add(
        self,
        kind: str,
        name: str,
        first: Token,
        end: int,
        body: tuple[int, int] | None,
        conditions: tuple[str, ...],
    ) -> None:
        self.found.append(Extent(kind, name, first.start, end, first.line, body, conditions))

    def _open_body(self, brace: Token) -> None:
        state = self.state
        tokens = self._current()
        head = head_of_body(tokens) if tokens else None
        column_zero = brace.start == 0 or self.data[brace.start - 1 : brace.start] == b"\n"
        if head is not None:
            kind, name = head[0], head[1].text.decode("utf-8", "backslashreplace")
        else:
            kind, name = "", ""
        first = self.start_override or (tokens[0] if tokens else brace)
        state.open = _Open(kind, name, first, brace, column_zero, self.conditions.now())
        state.stack = _Stack(b"{", state.stack)

    # Bodies

    def _inside(self, token: Token) -> None:
        state = self.state
        text = token.text
        stack = state.stack
        assert stack is not None
        if text in (b"{", b"(", b"["):
            state.stack = _Stack(text, stack)
        elif text == b"}":
            while stack is not None and stack.text != b"{":
                stack = stack.below
            below = stack.below if stack is not None else None
            if below is not None and below.braces and self._ends_anyway(token):
                below = None
            state.stack = below
            if (below is None or below.braces == 0) and state.open is not None:
                self._close_body(token)
        elif text in (b")", b"]") and stack.text == (b"(" if text == b")" else b"["):
            state.stack = stack.below

    def _ends_anyway(self, brace: Token) -> bool:
        """Tell whether a ``}`` ends its function though the count says otherwise.

        Braces that differ between the branches of an ``#if`` upset the count; in kernel code a
        ``}`` in the first column of a function that opened there ends it.
        """
        opened = self.state.open
        if opened is None or opened.kind not in ("function", "syscall") or not opened.column_zero:
            return False
        return self.data[brace.start - 1 : brace.start] == b"\n"

    def _close_body(self, brace: Token) -> None:
        state = self.state
        opened = state.open
        assert opened is not None
        state.open = None
        if opened.kind in ("function", "syscall", ""):
            for head in (opened, *self.other_heads):
                if head.kind:
                    self._add(
                        head.kind, head.name, head.start, brace.end,
                        (head.brace.start, brace.end), head.conditions,
                    )  # fmt: skip
            self.other_heads = []
            self._reset()
            return
        del state.declaration[state.length :]
        standing = Token(BRACES, BRACES.encode(), opened.brace.start, brace.end, opened.brace.line)
        state.declaration.append(standing)
        state.length += 1
        if opened.kind in ("struct", "union", "enum"):
            self._add_aggregate(opened, brace)

    def _add_aggregate(self, opened: _Open, brace: Token) -> None:
        """Note a struct; it ends at the ``;``, which may follow a declarator or an attribute."""
        end = self.data.find(b";", brace.end)
        name = self._first_word(opened, brace) if opened.name == opened.kind else opened.name
        self._add(
            opened.kind, name, opened.start,
            end + 1 if end >= 0 else brace.end,
            (opened.brace.start, brace.end), opened.conditions,
        )  # fmt: skip

    def _first_word(self, opened: _Open, brace: Token) -> str:
        """Return the first word inside an unnamed struct, union or enum, to know it by."""
        position = bisect_left(self.tokens, opened.brace.end, key=lambda token: token.start)
        for token in self.tokens[position : position + 1000]:
            if token.start >= brace.start:
                break
            if token.kind == "ident":
                return token.text.decode("utf-8", "backslashreplace")
        return ""

    # Preprocessor

    def _directive(self, token: Token) -> None:
        text = token.text.decode("utf-8", "backslashreplace")
        word = self.conditions.take(text)
        if word == "define":
            name = text[1:].strip()[len("define") :].strip()
            end = 0
            while end < len(name) and (name[end].isalnum() or name[end] in "_$\\"):
                end += 1
            if end:
                self._add("macro", name[:end], token, token.end, None, self.conditions.now())
        elif word in ("if", "ifdef", "ifndef"):
            state = self.state
            before = _State(state.stack, state.declaration, state.length, state.open)
            self.branches.append(_Branch(token, before, [], False))
        elif word in ("else", "elif", "elifdef", "elifndef") and self.branches:
            self._other_branch()
        elif word == "endif" and self.branches:
            branch = self.branches.pop()
            state = self.state
            if branch.unfinished and state.length and state.open is branch.before.open:
                # The head is written once for each branch and the body follows: all is one entity.
                self.start_override = self.start_override or branch.directive
            if branch.heads and state.open is not None and state.open is not branch.before.open:
                self.other_heads = branch.heads

    def _other_branch(self) -> None:
        branch, state = self.branches[-1], self.state
        opened = state.open
        if opened is not None and opened is not branch.before.open:
            if opened.kind in ("function", "syscall"):
                branch.heads.append(opened)
        elif branch.before.length == 0 and state.length and state.open is None:
            branch.unfinished = True
        before = branch.before
        self.state = _State(before.stack, before.declaration, before.length, before.open)


def scan(data: bytes, tokens: Sequence[Token]) -> tuple[Extent, ...]:
    """Return all top-level entities of *data*, whose tokens are given, in order of their start."""
    return _Scan(data, tokens).run()

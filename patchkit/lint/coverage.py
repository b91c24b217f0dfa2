# SPDX-License-Identifier: GPL-2.0-only
"""Account for every mention: analysed, not analysed and why, or elsewhere.

The plain text search says what there is; nothing that it found may get lost. A mention counts as
analysed only when it lies inside an instruction of a function whose paths were all looked at. A
comment, a string, a declaration, a table or a macro definition is elsewhere: no code runs there. A
header's macro that reaches into a counter is code, and is not analysed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from patchkit.lint.ir import Function, Span
from patchkit.lint.model import NotAnalysed
from patchkit.lint.scope import Place
from patchkit.lint.tally import FileCoverage
from patchkit.tree.csource import Extent, Token, parse, tokenize
from patchkit.tree.source import Tree

C_SUFFIXES = (".c", ".h")
OTHER_CODE = (".S", ".s", ".rs", ".cc", ".cpp", ".inc", ".y", ".l")
"""Suffixes of files that hold code which is not read."""

_NO_CODE = frozenset({"comment", "string", "char"})
_NO_STATEMENT = _NO_CODE | {"directive"}


class Functions(Protocol):
    """What is asked of the program."""

    def function_at(self, path: str, offset: int, /) -> Function | None:
        """Return the function that holds a byte of a file, one with a problem too."""

    def extents(self, path: str, /) -> Sequence[Extent]:
        """Return where a file's functions are, in order."""


def cover(
    tree: Tree,
    mentions: Mapping[str, Sequence[Place]],
    program: Functions,
    problem: Callable[[Function], str],
) -> dict[str, FileCoverage]:
    """Say of each mention, file by file, whether it was analysed.

    *problem* gives for a function why its paths were not all looked at, "" when they were.
    """
    result: dict[str, FileCoverage] = {}
    for path, places in sorted(mentions.items()):
        file = _File(path, tree.read(path) or b"", program, problem)
        verdicts = [file.judge(place) for place in places]
        missed = [verdict for verdict in verdicts if verdict is not None and verdict.why]
        elsewhere = verdicts.count(None)
        analysed = len(places) - elsewhere - len(missed)
        missed.sort(key=lambda item: (item.line, item.function))
        result[path] = FileCoverage(len(places), analysed, elsewhere, tuple(missed))
    return result


class _File:
    """One file with mentions, and what is known of its functions."""

    def __init__(
        self, path: str, data: bytes, program: Functions, problem: Callable[[Function], str]
    ) -> None:
        self.path = path
        self.data = data
        self._problem = problem
        self._program = program
        self._extents = program.extents(path) if path.endswith(C_SUFFIXES) else ()
        self._tokens: dict[int, list[Token]] = {}
        self._spans: dict[int, list[tuple[int, int]]] = {}

    def judge(self, place: Place) -> NotAnalysed | None:
        """Return None for elsewhere, a NotAnalysed without a reason for analysed."""
        if not self.path.endswith(C_SUFFIXES):
            if self.path.endswith(OTHER_CODE):
                return self._missed(place, "", "only C is read")
            return None
        extent = self._body_at(place.start)
        if extent is None:
            return self._outside(place)
        token = _token_at(self._tokens_of(extent), place.start - extent.start)
        if token is None or token.kind in _NO_STATEMENT:
            return None
        return self._in_body(place, extent)

    def _tokens_of(self, extent: Extent) -> list[Token]:
        """Return the tokens of a function, their places counted from its start."""
        if extent.start not in self._tokens:
            self._tokens[extent.start] = tokenize(self.data[extent.start : extent.end])
        return self._tokens[extent.start]

    def _body_at(self, offset: int) -> Extent | None:
        """Return the function whose body holds an offset; None for heads, tables, types."""
        for extent in self._extents:
            if extent.body is not None and extent.body[0] <= offset < extent.body[1]:
                return extent
        return None

    def _outside(self, place: Place) -> NotAnalysed | None:
        """No code stands outside of functions, but what reaches into a struct looks like code."""
        before = self.data[max(place.start - 100, 0) : place.start]
        if not re.search(rb"(?:->|\.)\s*\w*\Z", before):
            return None
        token = _token_at(parse(self.data).tokens, place.start)
        if token is None or token.kind in _NO_CODE:
            return None
        if token.kind == "directive":
            return self._directive(place, token)
        if re.search(rb"[{,(]\s*\.\s*\w*\Z", before):  # names a member in a table
            return None
        return self._missed(place, "", "it looks like code, and is in no function that was found")

    def _directive(self, place: Place, token: Token) -> NotAnalysed | None:
        """A macro is code where it is used: it is expanded in its own file, but not elsewhere."""
        found = re.match(rb"#\s*define\s+(\w+)", token.text)
        if found and self.path.endswith(".h"):
            name = found[1].decode("utf-8", "backslashreplace")
            return self._missed(place, name, f"the body of the macro {name} is not followed")
        return None

    def _in_body(self, place: Place, extent: Extent) -> NotAnalysed:
        function = self._program.function_at(self.path, place.start)
        if function is None:
            return self._missed(place, extent.name, "the function was not found in the file")
        reason = function.problem or self._problem(function)
        if not reason and not _covers(self._spans_of(function), place.start - function.span.start):
            reason = "no statement that was analysed holds it"
        return self._missed(place, function.name, reason)

    def _missed(self, place: Place, function: str, why: str) -> NotAnalysed:
        """Return the verdict; without a reason it says that the mention was analysed."""
        return NotAnalysed(self.path, place.line, function, why)

    def _spans_of(self, function: Function) -> list[tuple[int, int]]:
        if function.span.start not in self._spans:
            self._spans[function.span.start] = merged_spans(function)
        return self._spans[function.span.start]


def merged_spans(function: Function) -> list[tuple[int, int]]:
    """Return the byte ranges of all instructions, from the function's start, sorted and joined."""
    spans: list[Span] = []
    for block in function.blocks:
        spans += [instruction.span for instruction in block.instructions]
        if block.terminator is not None and hasattr(block.terminator, "span"):
            spans.append(block.terminator.span)
    merged: list[tuple[int, int]] = []
    for start, end in sorted((span.start, span.end) for span in spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _covers(spans: Sequence[tuple[int, int]], offset: int) -> bool:
    position = bisect_right(spans, offset, key=lambda span: span[0]) - 1
    return position >= 0 and offset < spans[position][1]


def _token_at(tokens: Sequence[Token], offset: int) -> Token | None:
    position = bisect_right(tokens, offset, key=lambda token: token.start) - 1
    return tokens[position] if position >= 0 and offset < tokens[position].end else None

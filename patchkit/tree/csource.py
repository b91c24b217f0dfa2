# SPDX-License-Identifier: GPL-2.0-only
"""One C file, parsed as far as asked for: tokens, entities, syntax tree, and what is uncertain.

Entities come from the token scan (``entities``), which always answers. The syntax tree comes from
tree-sitter over the text with macros rewritten (``blanking``); where it has an error, ``tainted``
says so, and nobody may draw conclusions from what the tree shows there.
"""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property

import tree_sitter
import tree_sitter_c

from patchkit.tree.blanking import blank_macros
from patchkit.tree.entities import Extent, scan
from patchkit.tree.tokens import Token, tokenize

__all__ = ["CSource", "Extent", "Token", "parse", "tokenize", "walk"]


@functools.cache
def _language() -> tree_sitter.Language:
    return tree_sitter.Language(tree_sitter_c.language())


class CSource:
    """C source text. Everything is computed on first use and kept.

    *data* are the bytes of the file, *path* is only for messages. Nothing here raises because of
    what the bytes are.
    """

    def __init__(self, data: bytes, path: str = "<memory>") -> None:
        self.data = data
        self.path = path

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """All tokens, comments and directives included."""
        return tuple(tokenize(self.data))

    @cached_property
    def _starts(self) -> list[int]:
        return [token.start for token in self.tokens]

    def tokens_in(self, start: int, end: int) -> tuple[Token, ...]:
        """Return the tokens that begin in the byte range."""
        starts = self._starts
        return self.tokens[bisect_left(starts, start) : bisect_left(starts, end)]

    @cached_property
    def _entities(self) -> tuple[Extent, ...]:
        return scan(self.data, self.tokens)

    @cached_property
    def _by_name(self) -> dict[tuple[str, str], tuple[Extent, ...]]:
        table: dict[tuple[str, str], tuple[Extent, ...]] = {}
        for extent in self._entities:
            key = (extent.kind, extent.name)
            table[key] = (*table.get(key, ()), extent)
        return table

    def entities(self) -> tuple[Extent, ...]:
        """Return all top-level entities in the order of their start."""
        return self._entities

    def find(self, kind: str, name: str) -> tuple[Extent, ...]:
        """Return all entities with this kind and name, such as both branches of an ``#if``."""
        return self._by_name.get((kind, name), ())

    def enclosing(self, offset: int) -> Extent | None:
        """Return the innermost entity whose extent holds a byte offset; None outside of all."""
        held = [extent for extent in self._entities if extent.start <= offset < extent.end]
        return min(held, key=lambda extent: extent.end - extent.start, default=None)

    @cached_property
    def blanked(self) -> bytes:
        """The text with macros rewritten: same length, same newlines."""
        return blank_macros(self.data, self.tokens, self._entities)

    @cached_property
    def root(self) -> tree_sitter.Node:
        """The syntax tree's root node, over *blanked*."""
        return tree_sitter.Parser(_language()).parse(self.blanked).root_node

    @cached_property
    def _errors(self) -> list[tuple[int, int]]:
        """Byte ranges of ERROR and MISSING nodes, sorted."""
        found: list[tuple[int, int]] = []
        pending = [self.root]
        while pending:
            node = pending.pop()
            if node.is_error or node.is_missing:
                found.append((node.start_byte, max(node.end_byte, node.start_byte + 1)))
            if node.has_error:
                pending.extend(node.children)
        found.sort()
        return found

    @cached_property
    def _bodies(self) -> frozenset[tuple[int, int]]:
        """Byte ranges of all function bodies that the grammar has seen."""
        bodies = set()
        for node in walk(self.root, into=_holds_functions):
            if node.type == "function_definition":
                body = node.child_by_field_name("body")
                if body is not None:
                    bodies.add((body.start_byte, body.end_byte))
        return frozenset(bodies)

    def tainted(self, extent: Extent) -> bool:
        """Tell whether the syntax tree cannot be trusted inside an extent.

        So it is when there is an error inside, and when the grammar takes a function's body to
        begin or end elsewhere than the token scan does.
        """
        start, end = extent.start, extent.end
        if extent.kind in ("function", "syscall") and extent.body is not None:
            if extent.body not in self._bodies:
                return True
            start = extent.body[0]
        return any(error[0] < end and error[1] > start for error in self._errors)

    @cached_property
    def _newlines(self) -> list[int]:
        data, found, position = self.data, [], -1
        while (position := data.find(b"\n", position + 1)) >= 0:
            found.append(position)
        return found

    def line_of(self, offset: int) -> int:
        """Return the line (from 1) of a byte offset."""
        return bisect_left(self._newlines, offset) + 1

    def line_start(self, line: int) -> int:
        """Return the byte offset at which a line (from 1) begins."""
        return 0 if line <= 1 else self._newlines[min(line - 2, len(self._newlines) - 1)] + 1


def _holds_functions(node: tree_sitter.Node) -> bool:
    """Tell whether function definitions may be below a node (not inside other functions)."""
    return node.type != "function_definition" or node.has_error


def walk(node: tree_sitter.Node, into: object = None) -> Iterator[tree_sitter.Node]:
    """Yield a node and all below it in source order, without recursion.

    *into*, if given, is called with a node and says whether to descend.
    """
    pending = [node]
    while pending:
        here = pending.pop()
        yield here
        if into is None or (callable(into) and into(here)):
            pending.extend(reversed(here.children))


@functools.lru_cache(maxsize=256)
def parse(data: bytes) -> CSource:
    """Return the CSource for these bytes; the same object while it is among the last 256 used."""
    return CSource(data)

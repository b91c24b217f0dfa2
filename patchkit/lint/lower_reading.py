# SPDX-License-Identifier: GPL-2.0-only
"""The text that is being lowered: nodes mapped back to what was written, and to places."""

from __future__ import annotations

import re
from collections.abc import Iterator

import tree_sitter

from patchkit.lint import ir
from patchkit.tree.csource import CSource

_WORD = re.compile(rb"\s*([A-Za-z_$\x80-\xff][\w$\x80-\xff]*)")
_TAGGED = re.compile(rb"\w+\s+\w+(?:\s*\*+)?")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


class Reading:
    """A parsed text and where its places are.

    *source* is the text of one function, or of an expanded macro; *at* is then the span of the
    macro's use, which is the place of all that is inside.
    """

    def __init__(self, source: CSource, at: ir.Span | None = None) -> None:
        self.source = source
        self.data = source.data
        self.at = at

    def span(self, node: tree_sitter.Node, until: tree_sitter.Node | None = None) -> ir.Span:
        """Return the place of a node, or from one to the end of another."""
        end = (until or node).end_byte
        return self.range(node.start_byte, end, node.start_point[0])

    def range(self, start: int, end: int, line: int | None = None) -> ir.Span:
        """Return the place of a range of bytes."""
        if self.at is not None:
            return self.at
        if line is None:
            line = self.data.count(b"\n", 0, start)
        return ir.Span(start, end, line)

    def raw(self, node: tree_sitter.Node) -> bytes:
        """Return the bytes that the file has where a node is."""
        return self.data[node.start_byte : node.end_byte]

    def text(self, node: tree_sitter.Node) -> str:
        """Return what the file says where a node is, without comments, in single blanks."""
        return normal(self.raw(node))

    def blanked(self, node: tree_sitter.Node) -> str:
        """Return what the grammar saw: without annotations."""
        return normal(node.text or b"")

    def tagged(self, node: tree_sitter.Node) -> str:
        """Return ``struct tag`` that begins where a node does."""
        found = _TAGGED.match(self.data, node.start_byte)
        return normal(found[0]) if found is not None else self.text(node)

    def word(self, offset: int) -> str:
        """Return the word that begins at an offset of the file, empty if there is none."""
        found = _WORD.match(self.data, offset)
        return found[1].decode("utf-8", "backslashreplace") if found else ""


def normal(text: bytes) -> str:
    """Return C text without comments and with single blanks."""
    decoded = text.decode("utf-8", "backslashreplace")
    if "/" in decoded:
        decoded = _COMMENT.sub(" ", decoded)
    return " ".join(decoded.split())


def named(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """Yield the named children of a node, comments excepted."""
    for child in node.named_children:
        if child.type != "comment":
            yield child

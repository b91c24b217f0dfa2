# SPDX-License-Identifier: GPL-2.0-only
"""What the forms of a report share."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

from patchkit.lint.model import Finding
from patchkit.tree.source import Tree

SHOWN = 200
"""Columns of a source line that are shown."""


def spelt(text: str) -> str:
    """Return text that any encoder takes: bytes of a name that are no UTF-8 as ``\\xff``."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def printable(text: str) -> str:
    """Return text that does nothing to a terminal: control and format characters are spelt."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character
        if character in "\t " or unicodedata.category(character)[0] != "C"
        else character.encode("unicode_escape", "backslashreplace").decode("ascii")
        for character in spelt(text)
    )


def numbered(findings: Iterable[Finding]) -> Iterator[tuple[Finding, int]]:
    """Yield each finding with which one of its fingerprint it is, from 1."""
    seen: Counter[str] = Counter()
    for finding in findings:
        seen[finding.fingerprint] += 1
        yield finding, seen[finding.fingerprint]


class SourceLines:
    """Lines of a tree's files, for showing."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._files: dict[str, list[bytes]] = {}

    def get(self, file: str, line: int) -> str | None:
        """Return a line (from 1) with tabs expanded; None when there is none."""
        if file not in self._files:
            data = self._tree.read(file)
            self._files[file] = [] if data is None else data.split(b"\n")
        lines = self._files[file]
        if not 1 <= line <= len(lines):
            return None
        raw = lines[line - 1].rstrip()[: SHOWN * 4]
        text = printable(raw.decode("utf-8", "surrogateescape")).expandtabs(8)
        return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"

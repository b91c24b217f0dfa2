# SPDX-License-Identifier: GPL-2.0-only
"""The few files that decide about a mutant, for a run that does not look at whole trees.

A file's set is the file, and each file with a mention that defines an accounting function which the
file calls, or that calls one which the file defines.
"""

from __future__ import annotations

import re

from patchkit.lint.counters import load_counters
from patchkit.lint.scope import search
from patchkit.tree.csource import CSource
from patchkit.tree.source import Tree

_MOST = 6


class FileSets:
    """The file sets of a tree."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        counters = load_counters()
        words = [word.encode() for word in counters.words]
        self._data = {
            path: tree.read(path) or b""
            for path in search(tree, words, counters.outside)
            if path.endswith((".c", ".h"))
        }
        self._defined = {
            path: _accounting(data, re.compile(b"|".join(words)))
            for path, data in self._data.items()
        }

    def of(self, path: str) -> tuple[str, ...]:
        """Return the set of a file, itself first."""
        data = self._data.get(path) or self.tree.read(path) or b""
        mine = self._defined.get(path, frozenset())
        calls = [other for other, names in self._defined.items() if _uses(data, names)]
        used = [other for other, text in self._data.items() if _uses(text, mine)]
        directory = path.rpartition("/")[0]
        near = [other for other in used if other.rpartition("/")[0] == directory]
        return tuple(dict.fromkeys((path, *calls[:_MOST], *near[:_MOST])))


def _uses(data: bytes, names: frozenset[bytes]) -> bool:
    return any(re.search(rb"\b%b\s*\(" % name, data) for name in names if name in data)


def _accounting(data: bytes, words: re.Pattern[bytes]) -> frozenset[bytes]:
    """Return the functions of a file that name a counter, and those that call one of them."""
    extents = [e for e in CSource(data).entities() if e.kind == "function" and e.body]
    bodies = {e.name.encode(): data[e.body[0] : e.body[1]] for e in extents if e.body}
    first = frozenset(name for name, body in bodies.items() if words.search(body))
    wrappers = frozenset(name for name, body in bodies.items() if _uses(body, first))
    return first | wrappers

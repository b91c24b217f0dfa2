# SPDX-License-Identifier: GPL-2.0-only
"""The way by which probes see a tree; it notes what they looked at, so that answers can be kept."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Iterable

from patchkit.tree.csource import CSource, parse
from patchkit.tree.source import Tree

ABSENT = "-"


class Reader:
    """A tree whose every read is noted in ``reads``.

    Keys of ``reads`` are paths, or ``list UNDER PATTERN``; values identify what was there. Two
    trees that agree in all of them give the same answer to the same question.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.reads: dict[str, str] = {}

    def read(self, path: str) -> bytes | None:
        """Return a regular file's bytes, None when there is none."""
        self.reads[path] = identify(self.tree, path)
        return self.tree.read(path)

    def exists(self, path: str) -> bool:
        """Tell whether a regular file is there."""
        self.reads[path] = identify(self.tree, path)
        mode = self.tree.mode(path)
        return mode is not None and mode & 0o170000 == 0o100000

    def source(self, path: str) -> CSource | None:
        """Return a C file, parsed as far as needed; None when there is none."""
        data = self.read(path)
        return None if data is None else parse(data)

    def names(self, under: str, patterns: Iterable[str]) -> tuple[str, ...]:
        """Return the paths of regular files below *under* that match a shell pattern, sorted."""
        wanted = tuple(patterns)
        found = _listing(self.tree, under, wanted)
        self.reads["list " + " ".join((under, *wanted))] = _digest(found)
        return found


def identify(tree: Tree, key: str) -> str:
    """Return what identifies the answer of *tree* to one entry of ``Reader.reads``."""
    if key.startswith("list "):
        _, under, *patterns = key.split(" ")
        return _digest(_listing(tree, under, tuple(patterns)))
    mode = tree.mode(key)
    if mode is None or mode & 0o170000 != 0o100000:
        return ABSENT
    return tree.blob_id(key) or ABSENT


def _listing(tree: Tree, under: str, patterns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        path
        for path in tree.list(under)
        if any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)
        and (tree.mode(path) or 0) & 0o170000 == 0o100000
    )


def _digest(paths: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(paths).encode("utf-8", "surrogateescape")).hexdigest()[:40]

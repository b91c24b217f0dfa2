# SPDX-License-Identifier: GPL-2.0-only
"""The analysis of a repository's tree, kept so that the next tree is analysed as an edit of it.

A snapshot is a pickle in the user's own cache, made by this very code (its name has the code's
digest), and has no source of its own but the files that were looked at.
"""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from patchkit import process
from patchkit.lint import cache, others
from patchkit.lint.coverage import C_SUFFIXES
from patchkit.tree.git import ENVIRONMENT, command
from patchkit.tree.source import GitTree, OverlayTree, Tree

if TYPE_CHECKING:
    from patchkit.lint.analysis import Analysis

MOST_CHANGES = 200
"""C files in which a tree may differ from the one of the snapshot."""
_KIND = "analyses"
_KEPT = 2
"""Snapshots: each takes some 40 MB."""


@dataclass(frozen=True, slots=True)
class _Content:
    """What tells a tree from others: the revision's tree id, and what differs from that."""

    tree_id: str
    changes: Mapping[str, str | None]


def keep(tree: Tree, analysis: Analysis) -> None:
    """Keep the analysis of a tree of a git repository; of other trees nothing is kept."""
    base = _revision(tree)
    if base is None:
        return
    buffer = io.BytesIO()
    try:
        _Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump((_content(tree, base), analysis))
    except RecursionError:
        return  # an expression that is nested very deeply
    cache.store_bytes(_KIND, _key(base), buffer.getvalue(), _KEPT)


def nearest(tree: Tree) -> Analysis | None:
    """Return the analysis of a tree as an edit of what was kept; None if there is nothing, if too
    much differs, or if what the edit takes away may have had to do with all the rest."""
    base = _revision(tree)
    data = cache.load_bytes(_KIND, _key(base)) if base is not None else None
    if base is None or data is None:
        return None
    unpickler = _Unpickler(io.BytesIO(data))
    unpickler.tree = tree
    try:
        before, analysis = unpickler.load()
    except Exception:  # a pickle that was cut short or written over may fail in any way
        return None
    changed = _changed(before, _content(tree, base), base)
    if changed is None or len(changed) > MOST_CHANGES:
        return None
    edited: Analysis = analysis.edited({path: tree.read(path) or b"" for path in changed})
    return edited if edited.learned() == analysis.learned() else None


class _Pickler(pickle.Pickler):
    def persistent_id(self, value: Any) -> str | None:
        return "tree" if isinstance(value, GitTree | OverlayTree) else None


class _Unpickler(pickle.Unpickler):
    tree: Tree

    def persistent_load(self, name: str) -> Tree:
        return self.tree


def _revision(tree: Tree) -> GitTree | None:
    while isinstance(tree, OverlayTree):
        tree = tree.base
    return tree if isinstance(tree, GitTree) else None


def _content(tree: Tree, base: GitTree) -> _Content:
    changes: dict[str, str | None] = {}
    while isinstance(tree, OverlayTree):
        changes = {**{path: tree.blob_id(path) for path in tree.changes}, **changes}
        tree = tree.base
    return _Content(base.tree_id, changes)


def _changed(before: _Content, now: _Content, base: GitTree) -> list[str] | None:
    """Return the C files in which two trees differ; None if git cannot tell."""
    changed = {
        path
        for path in before.changes.keys() | now.changes.keys()
        if path not in before.changes
        or path not in now.changes
        or before.changes[path] != now.changes[path]
    }
    if before.tree_id != now.tree_id:
        words = ("diff-tree", "-r", "-z", "--name-only", "--no-renames")
        argv = command(base.repository, *words, before.tree_id, now.tree_id)
        done = process.run(argv, env=ENVIRONMENT, check=False)
        if done.returncode != 0:
            return None
        changed |= {os.fsdecode(name) for name in done.stdout.split(b"\0") if name}
    return sorted(path for path in changed if path.endswith(C_SUFFIXES))


def _key(base: GitTree) -> str:
    repository = os.fsencode(base.repository.resolve())
    return cache.key_of([repository, cache.code_version(), others.digest()])

# SPDX-License-Identifier: GPL-2.0-only
"""A repository of our own to render into, for plans that are on no repository of the user's."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from patchkit import process
from patchkit.commits.repo import Identity, Repository
from patchkit.commits.treeedit import edit_tree
from patchkit.series.model import FileChange, Plan
from patchkit.tree.git import ENVIRONMENT, command


@contextmanager
def scratch_repository() -> Iterator[Repository]:
    """Yield an empty bare repository, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="patchkit-scratch-") as name:
        words = ("init", "--quiet", "--bare", "--template=", "--object-format=sha1", "--", ".")
        process.run(command(Path(name), *words), env=ENVIRONMENT)
        with Repository(Path(name)) as scratch:
            yield scratch


def base_commit(scratch: Repository, plan: Plan, author: Identity) -> str:
    """Write a commit with just the files that the plan starts from."""
    first: dict[str, FileChange] = {}
    for patch in plan.changed:
        for change in patch.changes:
            first.setdefault(change.path, change)
    empty = scratch.write_tree({})
    new = [
        FileChange(change.path, None, change.old, change.mode)
        for change in first.values() if change.old is not None
    ]  # fmt: skip
    tree = edit_tree(scratch, empty, new, "base", twins=True) if new else empty
    line = author.line.encode("utf-8", "surrogateescape")
    return scratch.write_commit(tree, (), b"base\n", line, line)

# SPDX-License-Identifier: GPL-2.0-only
"""A checkout as it is on disk: HEAD, and over it what the work tree has otherwise.

Other verbs start from a commit and never look at the work tree. Whoever lints a checkout wants to
know about the files in front of them, so the lint does look, at the files that git tracks. New
files count from ``git add`` (``-N`` will do) on: nobody can tell them from what a build left
behind, least of all by the ignore rules, which in Debian's trees name everything.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from patchkit import process
from patchkit.tree.git import ENVIRONMENT, command
from patchkit.tree.source import (
    EXECUTABLE,
    REGULAR,
    DirectoryTree,
    GitTree,
    OverlayTree,
    compute_blob_id,
)

_FILTER = re.compile(rb"filter\..*\.(clean|smudge|process)\Z", re.DOTALL)


class WorkTree(OverlayTree):
    """The tracked files of the work tree whose top is *repository*.

    ``base`` is HEAD. TreeError when *repository* is no git repository or has no commit yet,
    ProgramFailed when git cannot tell what is changed.
    """

    base: GitTree

    def __init__(self, repository: Path, name: str | None = None) -> None:
        base = GitTree(repository, "HEAD", name)
        self.root = repository
        self._disk = DirectoryTree(repository)
        super().__init__(base, _changes(base))

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, from disk where they are HEAD's: that is faster than objects."""
        if path in self.changes:
            return self.changes[path]
        if self.base.mode(path) in (REGULAR, EXECUTABLE):
            data = self._disk.read(path)
            if data is not None and compute_blob_id(data) == self.base.blob_id(path):
                return data
        return self.base.read(path)


def has_work_tree(repository: Path) -> bool:
    """Tell whether a git repository is a checkout and not a bare one."""
    return (repository / ".git").exists()


def work_tree_git(repository: Path, *words: str) -> bytes:
    """Run git on the files in *repository*, without the filters that its configuration names."""
    listed = process.run(
        command(repository, "config", "-z", "--name-only", "--get-regexp", r"^filter\."),
        env=ENVIRONMENT,
        check=False,
    )
    options: list[str] = []
    for name in listed.stdout.split(b"\0"):
        if _FILTER.fullmatch(name):
            options += ["-c", f"{os.fsdecode(name)}="]
    argv = command(repository, *options, "--work-tree=.", *words)
    return process.run(argv, env=ENVIRONMENT).stdout


def _changes(base: GitTree) -> dict[str, bytes | None]:
    """Return the tracked files that differ from HEAD on disk; None for those that are gone."""
    listed = work_tree_git(
        base.repository, "status", "--porcelain=v1", "-z", "--untracked-files=no", "--no-renames",
        "--ignore-submodules=all",
    )  # fmt: skip
    disk = DirectoryTree(base.repository)
    changes: dict[str, bytes | None] = {}
    for entry in listed.split(b"\0"):
        path = os.fsdecode(entry[3:])
        if not path:
            continue
        data = disk.read(path)
        if data is None or compute_blob_id(data) != base.blob_id(path):
            changes[path] = data
    return changes

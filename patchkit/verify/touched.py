# SPDX-License-Identifier: GPL-2.0-only
"""Which files a range of commits touches, and which objects have to build because of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from patchkit.tree.git import git
from patchkit.verify.model import Change, Step

CORE = ("mm", "fs/proc", "io_uring", "fs/io_uring.c", "kernel/fork.c")
"""What is built when a header changes that all of the kernel may include."""
_NOT_KERNEL = ("tools/", "Documentation/", "samples/", "scripts/", "usr/")


def changes_between(repository: Path, old: str, new: str) -> tuple[Change, ...]:
    """Return the files that differ between two commits, sorted by path."""
    said = git(repository, "diff-tree", "-r", "-z", "--no-renames", "--name-status", old, new)
    words = os.fsdecode(said).split("\0")
    pairs = zip(words[1::2], words[0::2], strict=False)
    return tuple(Change(path, status) for path, status in sorted(pairs))


def steps(repository: Path, base: str, commits: Iterable[str], *, each: bool) -> tuple[Step, ...]:
    """Return every commit with what it changes, or only the last.

    The last stands for the series as a whole: its changes are those of all commits together.
    """
    found: list[Step] = []
    parent = base
    ids = list(commits)
    for commit in ids if each else ids[-1:]:
        if commit == ids[-1]:
            parent = base
        said = git(repository, "show", "-s", "--format=%T%n%s", commit)
        tree, _, subject = said.decode("utf-8", "replace").partition("\n")
        changes = changes_between(repository, parent, commit)
        found.append(Step(commit, tree, subject.strip(), changes))
        parent = commit
    return tuple(found)


def sources_of(changes: Iterable[Change]) -> tuple[str, ...]:
    """Return the kernel's own C sources and headers among *changes* that still exist."""
    return tuple(
        change.path
        for change in changes
        if change.status != "D"
        and change.path.endswith((".c", ".h"))
        and not change.path.startswith(_NOT_KERNEL)
    )


def objects(changes: Iterable[Change], listing: Iterable[str]) -> tuple[str, ...]:
    """Return the objects to build for *changes*, sorted, as targets of make.

    *listing* is every file of the tree. A header that anything may include stands for CORE; one
    beside sources, as drivers have them, for the sources of its directory and those below.
    """
    changes = tuple(changes)
    wanted: set[str] = set()
    folders: set[str] = set()
    for path in _headers(changes):
        if path.startswith(("include/", "mm/")) or "/include/" in path:
            folders.update(CORE)
        else:
            folders.add(str(PurePosixPath(path).parent))
    files = list(listing)
    wanted.update(path for path in sources_of(changes) if path.endswith(".c"))
    for path in files:
        if path.endswith(".c") and any(_below(path, folder) for folder in folders):
            wanted.add(path)
    return tuple(sorted(f"{path[:-2]}.o" for path in wanted if not _included(path)))


def _headers(changes: tuple[Change, ...]) -> list[str]:
    # A header that is gone matters as much as one that has changed.
    return [
        change.path
        for change in changes
        if change.path.endswith(".h") and not change.path.startswith(_NOT_KERNEL)
    ]


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _included(path: str) -> bool:
    """Tell whether a source is a part of others rather than a unit of its own."""
    return "/tests/" in path or path.startswith("mm/kasan/")


def files_of(repository: Path, revision: str) -> list[str]:
    """Return the path of every file of a revision."""
    said = git(repository, "ls-tree", "-r", "-z", "--name-only", revision)
    return os.fsdecode(said).split("\0")[:-1]

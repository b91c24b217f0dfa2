# SPDX-License-Identifier: GPL-2.0-only
"""From what the user typed after ``--tree`` to a tree."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from patchkit.errors import TreeError, UserError
from patchkit.paths import data_directory
from patchkit.progress import Progress, no_progress
from patchkit.tree import fetch
from patchkit.tree.git import is_repository
from patchkit.tree.importer import Entry, directory_entries, import_files
from patchkit.tree.source import DirectoryTree, GitTree, Tree
from patchkit.tree.store import StoredTree, find_tree, hold, record, trees_directory

FIXTURE_DATE = 946684800
"""1 January 2000: a fixture's commit depends on its content, not on when it was checked out."""


OWN = ("debian:", "fixture:")
"""What the names of trees begin with that are patchkit's own copies, in its cache."""


def repository_of(
    spec: str, *, progress: Progress = no_progress, cache: Path | None = None
) -> Path | None:
    """Return the git repository that *spec* names, or None for a plain directory.

    Fetches ``debian:…`` and imports ``fixture:…`` when they are not in the cache yet. Raises
    TreeError when there is nothing of this name.
    """
    if spec.startswith("debian:"):
        return fetch.get(spec, progress=progress, cache=cache)
    if spec.startswith("fixture:"):
        return fixture(spec, cache=cache, progress=progress)
    path = Path(spec).expanduser()
    if not path.is_dir():
        raise TreeError(
            f"{spec}: no such directory",
            hint="a tree is a directory, debian:VERSION or fixture:ERA",
        )
    return path if is_repository(path) else None


def open_tree(
    spec: str,
    revision: str | None = None,
    *,
    progress: Progress = no_progress,
    cache: Path | None = None,
) -> Tree:
    """Return the tree that *spec* names, at *revision* (default HEAD) when it is in git.

    Raises UserError for a revision of a plain directory, and what repository_of() raises.
    """
    repository = repository_of(spec, progress=progress, cache=cache)
    if repository is not None:
        return GitTree(repository, revision or "HEAD", name=spec)
    if revision is not None:
        raise UserError(f"{spec}: not a git repository, so there is no revision {revision}")
    return DirectoryTree(Path(spec).expanduser(), name=spec)


def fixture(spec: str, *, progress: Progress = no_progress, cache: Path | None = None) -> Path:
    """Import one of patchkit's own small trees and return its bare repository."""
    era = spec.removeprefix("fixture:")
    root = data_directory("kernel-tree-fixtures")
    eras = sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    if era not in eras:
        raise TreeError(f"{spec}: no such fixture; there is {', '.join(eras) or 'none'}")
    entries = list(directory_entries(root / era))
    name = f"{spec}@{_digest(entries)}"
    directory = trees_directory(cache)
    with hold(directory, progress):
        stored = find_tree(name, cache)
        if stored is None:
            repository = f"{name.replace(':', '-').replace('@', '-')}.git"
            shutil.rmtree(directory / repository, ignore_errors=True)
            made = import_files(
                directory / repository, entries, f"{spec}\n", date=FIXTURE_DATE, progress=progress
            )
            stored = StoredTree(
                name=name, repository=repository, commit=made.commit, tree=made.tree,
                files=made.files,
            )  # fmt: skip
            record(stored, spec, cache)
    return directory / stored.repository


def _digest(entries: list[Entry]) -> str:
    digest = hashlib.sha256()
    for entry in sorted(entries, key=lambda entry: entry.path):
        digest.update(b"%o %d %s\0" % (entry.mode, len(entry.data), entry.path))
        digest.update(entry.data)
    return digest.hexdigest()[:12]

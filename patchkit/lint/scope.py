# SPDX-License-Identifier: GPL-2.0-only
"""Which files of a tree mention a word: a whole kernel in about a second.

Plain text decides, as ``grep -F`` reads it: no ignore rules (Debian's trees have a ``.gitignore``
that names every file), no guess at what is binary, no word boundaries. ``git grep`` does the work
wherever the bytes are: in objects, in a work tree, in a plain directory. What is known of one
revision is kept, and the next is searched only where the two differ.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from patchkit import process
from patchkit.lint import cache
from patchkit.lint.worktree import WorkTree, work_tree_git
from patchkit.process import ProgramFailed
from patchkit.tree.git import ENVIRONMENT, command, git
from patchkit.tree.source import DirectoryTree, GitTree, OverlayTree, Tree

NEARBY = 2000
"""Two revisions that differ in more files than this are not compared but searched afresh."""
KNOWN = 16
"""Revisions remembered for one set of words."""
RACY_SECONDS = 2.0
"""A file that was changed less than this ago may change again without a new time stamp."""


@dataclass(frozen=True, slots=True)
class Place:
    """One occurrence of a word: the byte range ``[start, end)`` on *line*, from 1."""

    start: int
    end: int
    line: int


def find_mentions(data: bytes, words: Iterable[bytes]) -> tuple[Place, ...]:
    """Return every occurrence of the words in *data*, in order; where two begin, the longer."""
    wanted = sorted(set(words), key=lambda word: (-len(word), word))
    if not wanted or not any(word in data for word in wanted):
        return ()
    places, line, counted = [], 1, 0
    for found in re.finditer(b"|".join(map(re.escape, wanted)), data):
        line += data.count(b"\n", counted, found.start())
        counted = found.start()
        places.append(Place(found.start(), found.end(), line))
    return tuple(places)


def mentions(
    tree: Tree, words: Iterable[bytes], outside: Sequence[str] = ()
) -> Mapping[str, tuple[Place, ...]]:
    """Return the occurrences of *words* by file, for every file that has one, sorted by path."""
    wanted = tuple(words)
    found = {
        path: find_mentions(tree.read(path) or b"", wanted)
        for path in search(tree, wanted, outside)
    }
    return {path: places for path, places in found.items() if places}


def search(tree: Tree, words: Iterable[bytes], outside: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the paths of all regular files that contain one of *words*, sorted.

    *outside* are directories, with a slash at the end, that are not looked at. Ask for all words
    of interest at once: what a search costs hardly depends on how many there are.
    """
    return tuple(sorted(_Search(words, outside).paths(tree)))


def identity(tree: Tree) -> str | None:
    """Return what names the content of *tree*; None when that would have to read all of it.

    A plain directory is known by the names, sizes and times of its files; one with files changed a
    moment ago is not known.
    """
    if isinstance(tree, OverlayTree):
        base = identity(tree.base)
        if base is None:
            return None
        changed = (f"{path}\0{tree.blob_id(path)}" for path in sorted(tree.changes))
        return cache.key_of([base, *changed]) if tree.changes else base
    if isinstance(tree, GitTree):
        return tree.tree_id
    return _stamp(tree.root) if isinstance(tree, DirectoryTree) else None


def _stamp(root: Path) -> str | None:
    digest = hashlib.sha256(os.fsencode(root.resolve()))
    newest = 0
    pending = [os.fspath(root)]
    while pending:
        here = pending.pop()
        with os.scandir(here) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != ".git":
                        pending.append(entry.path)
                    continue
                status = entry.stat(follow_symlinks=False)
                newest = max(newest, status.st_mtime_ns, status.st_ctime_ns)
                known = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
                digest.update(os.fsencode(entry.path) + repr(known).encode())
    return None if newest / 1e9 > time.time() - RACY_SECONDS else digest.hexdigest()


class _Search:
    """One question: which files contain one of these words?"""

    def __init__(self, words: Iterable[bytes], outside: Sequence[str]) -> None:
        self.words = tuple(sorted(set(words)))
        self.outside = tuple(sorted(f"{name.rstrip('/')}/" for name in outside))
        self.key = cache.key_of([*self.words, b"", *map(os.fsencode, self.outside)])

    def paths(self, tree: Tree) -> set[str]:
        if not self.words:
            return set()
        if isinstance(tree, OverlayTree):
            if isinstance(tree, WorkTree):
                found = self._in_checkout(tree)
            else:
                found = self.paths(tree.base) - tree.changes.keys()
            return found | {path for path, data in tree.changes.items() if self._holds(path, data)}
        if isinstance(tree, GitTree):
            return self._in_revision(tree)
        if isinstance(tree, DirectoryTree):
            return self._in_directory(tree)
        return {path for path in tree.list() if self._holds(path, tree.read(path))}

    def _holds(self, path: str, data: bytes | None) -> bool:
        if data is None or path.startswith(self.outside):
            return False
        return any(word in data for word in self.words)

    # -- revisions ---------------------------------------------------------------------------

    def _in_revision(self, tree: GitTree) -> set[str]:
        known = self._known()
        if tree.tree_id not in known:
            found = self._by_difference(tree, known)
            if found is None:
                found = self._grep_objects(tree)
            self._keep(known, tree.tree_id, found)
            return found
        return set(known[tree.tree_id])

    def _known(self) -> dict[str, list[str]]:
        """Return the files by tree id, the one that was asked for last at the end."""
        kept = cache.load("search", self.key, dict[str, list[str]]) or {}
        return {
            tree: [os.fsdecode(name.encode("latin-1")) for name in names]
            for tree, names in kept.items()
        }

    def _keep(self, known: dict[str, list[str]], tree_id: str, found: set[str]) -> None:
        known.pop(tree_id, None)
        known[tree_id] = sorted(found)
        for old in list(known)[:-KNOWN]:
            del known[old]
        # Names are bytes, and not always UTF-8; JSON takes them as if they were Latin-1.
        kept = {
            tree: [os.fsencode(name).decode("latin-1") for name in names]
            for tree, names in known.items()
        }
        cache.store("search", self.key, kept)

    def _by_difference(self, tree: GitTree, known: dict[str, list[str]]) -> set[str] | None:
        """Return what a known revision of the same repository has, brought up to date."""
        for tree_id in reversed(known):
            words = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", tree_id, tree.tree_id)
            done = process.run(command(tree.repository, *words), env=ENVIRONMENT, check=False)
            if done.returncode != 0:
                continue
            changed = {os.fsdecode(name) for name in done.stdout.split(b"\0") if name}
            if len(changed) <= NEARBY:
                found = set(known[tree_id]) - changed
                return found | {path for path in changed if self._holds(path, tree.read(path))}
        return None

    def _grep_objects(self, tree: GitTree) -> set[str]:
        argv = command(tree.repository, *self._words(), tree.tree_id, *self._pathspecs())
        prefix = len(tree.tree_id) + 1
        return {os.fsdecode(name[prefix:]) for name in _listed(argv)}

    # -- files -------------------------------------------------------------------------------

    def _in_checkout(self, tree: WorkTree) -> set[str]:
        """Return the unchanged files: on disk they are read faster than from objects."""
        base = tree.base
        known = self._known()
        if base.tree_id in known or _is_sparse(base):
            return self._in_revision(base) - tree.changes.keys()
        argv = command(base.repository, "--work-tree=.", *self._words(), *self._pathspecs())
        same = {os.fsdecode(name) for name in _listed(argv)} - tree.changes.keys()
        before = {path for path in tree.changes if self._holds(path, base.read(path))}
        self._keep(known, base.tree_id, same | before)
        return same

    def _in_directory(self, tree: DirectoryTree) -> set[str]:
        argv = command(
            tree.root, *self._words(), "--no-index", "--no-exclude-standard", *self._pathspecs()
        )
        found = {os.fsdecode(name) for name in _listed(argv)}
        # A link is not followed, and git's idea of what is beyond one is not asked.
        return {path for path in found if (tree.mode(path) or 0) & 0o170000 == 0o100000}

    def _words(self) -> list[str]:
        words = ["grep", "-l", "-z", "-a", "-F", "--no-textconv", "--full-name", "--no-color"]
        for word in self.words:
            words += ["-e", os.fsdecode(word)]
        return words

    def _pathspecs(self) -> list[str]:
        excluded = [f":(top,exclude,literal){name}" for name in self.outside]
        return ["--", ":(top)", *excluded] if excluded else []


def _is_sparse(tree: GitTree) -> bool:
    """Tell whether the checkout leaves files out, which then are in objects only."""
    try:
        words = ("config", "--type=bool", "--get", "core.sparseCheckout")
        return git(tree.repository, *words).strip() == b"true"
    except ProgramFailed:
        return False


def _listed(argv: list[str]) -> list[bytes]:
    """Run a ``git grep`` and return what it lists; status 1 says that nothing was found."""
    done = process.run(argv, env=ENVIRONMENT, check=False)
    if done.returncode not in (0, 1) or (done.returncode == 1 and done.stderr):
        raise ProgramFailed(done, f"exit status {done.returncode}")
    return [name for name in done.stdout.split(b"\0") if name]


__all__ = ["Place", "WorkTree", "find_mentions", "identity", "mentions", "search", "work_tree_git"]

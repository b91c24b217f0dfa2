# SPDX-License-Identifier: GPL-2.0-only
"""Kernel trees as bytes by path: a git revision, a plain directory, or one of them with changes.

All three behave as git does: paths are relative with ``/``, a symbolic link is a thing of its own
that is never followed, and nothing lies beyond one.
"""

from __future__ import annotations

import hashlib
import os
import stat
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from patchkit.errors import TreeError
from patchkit.process import ProgramFailed
from patchkit.tree.git import ObjectReader, git, is_repository, parse_tree

REGULAR = 0o100644
EXECUTABLE = 0o100755
SYMLINK = 0o120000
DIRECTORY = 0o040000


class Tree(Protocol):
    """What facts, templates and lint read."""

    @property
    def name(self) -> str:
        """The tree as the user named it."""

    def read(self, path: str) -> bytes | None:
        """Return a regular file's bytes; None when absent, a directory or a symbolic link."""

    def mode(self, path: str) -> int | None:
        """Return git's mode (0o100644, 0o100755, 0o120000, 0o040000); None when absent."""

    def blob_id(self, path: str) -> str | None:
        """Return git's id for the file's content; None when it is no file."""

    def list(self, under: str = "") -> Iterator[str]:
        """Yield the paths of all files (links included) at or below *under*, sorted."""


def clean_path(path: str) -> tuple[str, ...] | None:
    """Split a path inside a tree into its names; None when no tree can contain it.

    ``..``, ``.``, empty names, absolute paths, ``.git`` in any case, and NUL cannot be.
    """
    if not path or "\0" in path:
        return None
    names = tuple(path.split("/"))
    if any(name in ("", ".", "..") or name.lower() == ".git" for name in names):
        return None
    return names


def compute_blob_id(data: bytes) -> str:
    """Return the id that git (SHA-1 format) gives to a blob with this content."""
    digest = hashlib.sha1(b"blob %d\0" % len(data), usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()


class GitTree:
    """A revision of a git repository: bare, linked work trees and shallow clones included.

    The work tree and the index are never looked at. *repository* is a work tree's top or a bare
    repository; *revision* anything that names a commit. TreeError when either does not exist.
    """

    def __init__(self, repository: Path, revision: str = "HEAD", name: str | None = None) -> None:
        self.repository = repository
        self.name = name if name is not None else str(repository)
        if not repository.is_dir():
            raise TreeError(f"{repository}: expected a git repository, found no such directory")
        if not is_repository(repository):
            raise TreeError(
                f"{repository}: expected a git repository, found neither .git nor a bare one",
                hint=f"git -C {repository} rev-parse --show-toplevel",
            )
        self.commit = self._resolve(f"{revision}^{{commit}}", revision)
        self.tree_id = self._resolve(f"{self.commit}^{{tree}}", revision)
        self._reader: ObjectReader | None = None
        self._directories: dict[str, dict[str, tuple[int, str]]] = {}
        self._closer: weakref.finalize[..., GitTree] | None = None

    def _resolve(self, expression: str, revision: str) -> str:
        try:
            words = ("rev-parse", "--verify", "--quiet", "--end-of-options", expression)
            return git(self.repository, *words).decode("ascii").strip()
        except ProgramFailed:
            raise TreeError(
                f"{self.repository}: expected a commit, found none named {revision!r}",
                hint=f"git -C {self.repository} branch --all",
            ) from None

    def _object(self, object_id: str) -> tuple[str, bytes]:
        if self._reader is None:
            self._reader = ObjectReader(self.repository)
            self._closer = weakref.finalize(self, self._reader.close)
        return self._reader.read(object_id)

    def _directory(self, path: str) -> dict[str, tuple[int, str]]:
        """Return the entries of a directory, {} when *path* is none."""
        known = self._directories.get(path)
        if known is not None:
            return known
        if path:
            entry = self._entry(path)
            tree_id = entry[1] if entry is not None and entry[0] == DIRECTORY else None
        else:
            tree_id = self.tree_id
        entries: dict[str, tuple[int, str]] = {}
        if tree_id is not None:
            _, content = self._object(tree_id)
            for name, mode, object_id in parse_tree(content, len(tree_id) // 2):
                entries[name] = (mode, object_id)
        self._directories[path] = entries
        return entries

    def _entry(self, path: str) -> tuple[int, str] | None:
        if clean_path(path) is None:
            return None
        parent, _, name = path.rpartition("/")
        return self._directory(parent).get(name)

    def read(self, path: str) -> bytes | None:
        entry = self._entry(path)
        if entry is None or not stat.S_ISREG(entry[0]):
            return None
        return self._object(entry[1])[1]

    def mode(self, path: str) -> int | None:
        entry = self._entry(path)
        return None if entry is None else entry[0]

    def blob_id(self, path: str) -> str | None:
        entry = self._entry(path)
        return None if entry is None or entry[0] == DIRECTORY else entry[1]

    def list(self, under: str = "") -> Iterator[str]:
        under = under.rstrip("/")
        if under and (entry := self._entry(under)) is not None and entry[0] != DIRECTORY:
            yield under
            return
        pending = [(under, DIRECTORY)]
        while pending:
            path, mode = pending.pop()
            if mode != DIRECTORY:
                yield path
                continue
            prefix = f"{path}/" if path else ""
            # Sorted as git sorts a flat list: a directory counts as its name with a slash.
            entries = sorted(
                ((f"{prefix}{name}", entry[0]) for name, entry in self._directory(path).items()),
                key=lambda item: item[0] + "/" if item[1] == DIRECTORY else item[0],
                reverse=True,
            )
            pending.extend(entries)

    def close(self) -> None:
        """End the git child; the tree can be used again afterwards."""
        if self._closer is not None:
            self._closer()
        self._reader = self._closer = None

    def __enter__(self) -> GitTree:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class DirectoryTree:
    """A plain directory; a ``.git`` in it is not part of the tree."""

    def __init__(self, root: Path, name: str | None = None) -> None:
        self.root = root
        self.name = name if name is not None else str(root)
        if not root.is_dir():
            raise TreeError(f"{root}: expected a directory with a kernel tree, found none")

    def _status(self, path: str) -> os.stat_result | None:
        """Return the file's own status; None when absent or beyond a symbolic link."""
        names = clean_path(path)
        if names is None:
            return None
        here = self.root
        try:
            for name in names[:-1]:
                here = here / name
                if not stat.S_ISDIR(here.lstat().st_mode):
                    return None
            return (here / names[-1]).lstat()
        except (OSError, ValueError):
            return None

    def read(self, path: str) -> bytes | None:
        status = self._status(path)
        if status is None or not stat.S_ISREG(status.st_mode):
            return None
        try:
            handle = os.open(self.root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise TreeError(f"{self.root / path}: cannot be read: {error.strerror}") from error
        with os.fdopen(handle, "rb") as file:
            return file.read()

    def mode(self, path: str) -> int | None:
        status = self._status(path)
        if status is None:
            return None
        if stat.S_ISLNK(status.st_mode):
            return SYMLINK
        if stat.S_ISDIR(status.st_mode):
            return DIRECTORY
        if not stat.S_ISREG(status.st_mode):
            return None
        return EXECUTABLE if status.st_mode & 0o100 else REGULAR

    def blob_id(self, path: str) -> str | None:
        if self.mode(path) == SYMLINK:
            return compute_blob_id(os.fsencode((self.root / path).readlink()))
        data = self.read(path)
        return None if data is None else compute_blob_id(data)

    def list(self, under: str = "") -> Iterator[str]:
        under = under.rstrip("/")
        if under and self.mode(under) != DIRECTORY:
            if self.mode(under) is not None:
                yield under
            return
        pending = [(under, True)]
        while pending:
            path, is_directory = pending.pop()
            if not is_directory:
                yield path
                continue
            prefix = f"{path}/" if path else ""
            with os.scandir(self.root / path) as entries:
                found = [
                    (f"{prefix}{entry.name}", entry.is_dir(follow_symlinks=False))
                    for entry in entries
                    if entry.name.lower() != ".git"
                    and (entry.is_symlink() or entry.is_dir() or entry.is_file())
                ]
            found.sort(key=lambda item: item[0] + "/" if item[1] else item[0], reverse=True)
            pending.extend(found)


class OverlayTree:
    """*base* with some files edited, added (bytes) or deleted (None).

    *modes* gives the modes of added files; those that *base* has keep theirs, others get 0o100644.
    """

    def __init__(
        self,
        base: Tree,
        changes: Mapping[str, bytes | None],
        modes: Mapping[str, int] | None = None,
    ) -> None:
        self.base = base
        self.name = base.name
        self.changes = dict(changes)
        self._modes = dict(modes or {})
        self._directories = {
            "/".join(path.split("/")[:depth])
            for path, data in self.changes.items()
            if data is not None
            for depth in range(1, path.count("/") + 1)
        }

    def read(self, path: str) -> bytes | None:
        return self.changes[path] if path in self.changes else self.base.read(path)

    def mode(self, path: str) -> int | None:
        if path not in self.changes:
            return self.base.mode(path) or (DIRECTORY if path in self._directories else None)
        if self.changes[path] is None:
            return None
        if path in self._modes:
            return self._modes[path]
        known = self.base.mode(path)
        return known if known in (REGULAR, EXECUTABLE) else REGULAR

    def blob_id(self, path: str) -> str | None:
        if path not in self.changes:
            return self.base.blob_id(path)
        data = self.changes[path]
        return None if data is None else compute_blob_id(data)

    def list(self, under: str = "") -> Iterator[str]:
        under = under.rstrip("/")
        prefix = f"{under}/" if under else ""
        paths = {path for path in self.base.list(under) if path not in self.changes}
        paths |= {
            path
            for path, data in self.changes.items()
            if data is not None and (path == under or path.startswith(prefix))
        }
        return iter(sorted(paths))

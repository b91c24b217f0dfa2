# SPDX-License-Identifier: GPL-2.0-only
"""Changes to a tree, made on tree objects: only the directories on the way are read and written.

A temporary index would read and write all entries (95,000 in a kernel tree, 0.5 s) for each patch;
see docs/decisions/0002-commits-and-their-record.md.
"""

from __future__ import annotations

from collections.abc import Iterable

from patchkit.commits.paths import check_path
from patchkit.commits.repo import Repository
from patchkit.errors import ConflictError, TemplateError
from patchkit.series.model import FileChange
from patchkit.tree.source import DIRECTORY, SYMLINK, compute_blob_id

_KINDS = {SYMLINK: "a symbolic link", DIRECTORY: "a directory", 0o160000: "a submodule"}

Entries = dict[str, tuple[int, str]]


def edit_tree(repository: Repository, tree: str, changes: Iterable[FileChange], where: str) -> str:
    """Write the tree that *changes* make of *tree* and return its id.

    Every change must start from what the tree has (ConflictError), stay within bounds
    (TemplateError) and not pass through a symbolic link. *where* names the patch in messages.
    """
    editor = _Editor(repository, where)
    for change in changes:
        check_path(change.path, change.mode, where)
        tree = editor.change(tree, change.path.split("/"), change)
    return tree or repository.write_tree({})


class _Editor:
    def __init__(self, repository: Repository, where: str) -> None:
        self.repository = repository
        self.where = where

    def change(self, tree: str, names: list[str], change: FileChange) -> str:
        """Return the tree with *change* made at *names* below it."""
        entries: Entries = dict(self.repository.tree(tree)) if tree else {}
        name = names[0]
        found = entries.get(name)
        if found is None and change.new is not None:
            self._refuse_case_twin(entries, name, change)
        if len(names) == 1:
            entry = self._leaf(found, change)
        else:
            entry = self._directory(found, names, change)
        if entry is None:
            entries.pop(name, None)
        else:
            entries[name] = entry
        return self.repository.write_tree(entries) if entries else ""

    def _directory(
        self, found: tuple[int, str] | None, names: list[str], change: FileChange
    ) -> tuple[int, str] | None:
        if found is not None and found[0] != DIRECTORY:
            kind = _KINDS.get(found[0], "a file")
            raise ConflictError(
                f"{self.where}: {change.path}: {names[0]!r} on the way is {kind} in this tree; "
                "patches never reach through it"
            )
        below = self.change(found[1] if found else "", names[1:], change)
        return (DIRECTORY, below) if below else None

    def _leaf(self, found: tuple[int, str] | None, change: FileChange) -> tuple[int, str] | None:
        if found is not None and found[0] in _KINDS:
            raise ConflictError(
                f"{self.where}: {change.path} is {_KINDS[found[0]]} in this tree, expected a file"
            )
        has = None if found is None else found[1]
        wanted = None if change.old is None else compute_blob_id(change.old)
        if has != wanted:
            raise ConflictError(
                f"{self.where}: {change.path} is not what the plan was made on: expected "
                f"{wanted or 'no file'}, found {has or 'none'}",
                hint="plan again on the commit that is to be the base",
            )
        if change.new is None:
            if change.old is None:
                raise TemplateError(f"{self.where}: {change.path}: neither old nor new content")
            return None
        return (change.mode, self.repository.write_blob(change.new))

    def _refuse_case_twin(self, entries: Entries, name: str, change: FileChange) -> None:
        folded = name.casefold()
        twin = next((other for other in entries if other.casefold() == folded), None)
        if twin is not None:
            raise TemplateError(
                f"{self.where}: the new path {change.path} differs from the existing {twin!r} "
                "only in case, so the tree could not be checked out everywhere"
            )

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


def edit_tree(
    repository: Repository,
    tree: str,
    changes: Iterable[FileChange],
    where: str,
    *,
    twins: bool = False,
) -> str:
    """Write the tree that *changes* make of *tree* and return its id.

    Every change must start from what the tree has (ConflictError), stay within bounds
    (TemplateError) and not pass through a symbolic link. *where* names the patch in messages.
    *twins* allows new names that differ from existing ones in case only, as some trees have.
    """
    wanted = list(changes)
    for change in wanted:
        check_path(change.path, change.mode, where)
    below = [(change.path.split("/"), change) for change in wanted]
    return _Editor(repository, where, twins).edit(tree, below) or repository.write_tree({})


Below = list[tuple[list[str], FileChange]]
"""Changes, with what is left of their paths."""


class _Editor:
    def __init__(self, repository: Repository, where: str, twins: bool) -> None:
        self.repository = repository
        self.twins = twins
        self.where = where

    def edit(self, tree: str, changes: Below) -> str:
        """Return *tree* ("" is none) with all *changes* below it made; "" when nothing is left."""
        entries: Entries = dict(self.repository.tree(tree)) if tree else {}
        groups: dict[str, Below] = {}
        for names, change in changes:
            groups.setdefault(names[0], []).append((names[1:], change))
        for name, group in groups.items():
            found = entries.get(name)
            appears = found is None and any(change.new is not None for _, change in group)
            if appears and not self.twins:
                self._refuse_case_twin(entries, name, group[0][1])
            entry = self._entry(name, found, group)
            if entry is None:
                entries.pop(name, None)
            else:
                entries[name] = entry
        return self.repository.write_tree(entries) if entries else ""

    def _entry(
        self, name: str, found: tuple[int, str] | None, group: Below
    ) -> tuple[int, str] | None:
        names, change = group[0]
        if not names:
            if len(group) > 1:
                raise TemplateError(
                    f"{self.where}: {change.path} is changed twice, or is both file and directory"
                )
            return self._leaf(found, change)
        if found is not None and found[0] != DIRECTORY:
            kind = _KINDS.get(found[0], "a file")
            raise ConflictError(
                f"{self.where}: {change.path}: {name!r} on the way is {kind} in this tree; "
                "patches never reach through it"
            )
        if any(not names for names, _ in group):
            raise TemplateError(f"{self.where}: {name!r} is both a file and a directory")
        below = self.edit(found[1] if found else "", group)
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

# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of series share: trees and templates in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from patchkit.errors import ConflictError
from patchkit.series.apply import apply
from patchkit.series.model import FileChange
from patchkit.series.semantic import parse
from patchkit.tree.source import DIRECTORY, REGULAR, compute_blob_id


class MemoryTree:
    """A tree that is a dictionary; *modes* for what is no regular file."""

    name = "memory"

    def __init__(
        self, files: Mapping[str, bytes | str], modes: Mapping[str, int] | None = None
    ) -> None:
        self.files = {
            path: data.encode() if isinstance(data, str) else data for path, data in files.items()
        }
        self.modes = dict(modes or {})

    def read(self, path: str) -> bytes | None:
        return self.files.get(path) if self.mode(path) in (REGULAR, 0o100755) else None

    def mode(self, path: str) -> int | None:
        if path in self.modes:
            return self.modes[path]
        if path in self.files:
            return REGULAR
        return DIRECTORY if any(name.startswith(f"{path}/") for name in self.files) else None

    def blob_id(self, path: str) -> str | None:
        data = self.read(path)
        return None if data is None else compute_blob_id(data)

    def list(self, under: str = "") -> Iterator[str]:
        under = under.rstrip("/")
        return iter(
            sorted(
                path
                for path in self.files
                if not under or path == under or path.startswith(f"{under}/")
            )
        )


def changes(
    diff: str, files: Mapping[str, bytes | str], new: Mapping[str, bytes] | None = None
) -> tuple[FileChange, ...]:
    """Apply a semantic diff to files."""
    patch = parse(f"subject\n\n---\n{diff}", "t.patch.j2")
    return apply(patch, MemoryTree(files), lambda name: (new or {})[name])


def edited(diff: str, before: str | bytes, path: str = "mm/a.c") -> str:
    """Apply hunks to one file; return it afterwards."""
    made = changes(f"--- {path}\n{diff}", {path: before})
    if not made:
        return before if isinstance(before, str) else before.decode("latin-1")
    assert made[0].new is not None
    return made[0].new.decode("latin-1")


def conflict(diff: str, before: str, path: str = "mm/a.c", **others: str) -> str:
    """Apply hunks to one file; return the message of the conflict that they must give."""
    try:
        changes(f"--- {path}\n{diff}", {path: before, **others})
    except ConflictError as error:
        return error.message
    raise AssertionError("expected a conflict, found none")

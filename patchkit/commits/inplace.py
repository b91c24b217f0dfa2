# SPDX-License-Identifier: GPL-2.0-only
"""``apply --in-place``: a plan on a plain directory, under a journal.

All new contents are written beside the tree's files first, with the old ones kept; then each file
is replaced by a rename. A run that dies in between is taken back by the next one, and a run that
came through can be undone. Everything stands in ``.patchkit/`` at the top of the tree, because a
rename needs the same file system. No symbolic link is ever followed.
"""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from patchkit.commits.faults import step
from patchkit.commits.lock import held
from patchkit.commits.message import finish
from patchkit.commits.paths import check_path
from patchkit.commits.policy import MAX_DIFF_BYTES
from patchkit.errors import ConflictError, TemplateError, TreeError, UserError
from patchkit.files import replace_file
from patchkit.series.model import FileChange, Plan
from patchkit.tree.source import EXECUTABLE, compute_blob_id

STATE = ".patchkit"


@dataclass(frozen=True, slots=True)
class InPlaceRequest:
    """Carry *plan* out on the files below *root*."""

    root: Path
    plan: Plan


@dataclass(frozen=True, slots=True)
class InPlaceResult:
    """The paths that were written or deleted, and whether an earlier run was taken back first."""

    changed: bool
    paths: tuple[str, ...]
    recovered: bool = False


class _File(msgspec.Struct, frozen=True):
    """One file: blob ids of its old and new content ("" is no file), and its old permissions."""

    path: str
    old: str
    new: str
    mode: int
    permissions: int


class _Journal(msgspec.Struct, frozen=True):
    """A run: ``writing`` until all files are replaced, ``done`` after; *made* are directories."""

    state: Literal["writing", "done"]
    files: tuple[_File, ...]
    made: tuple[str, ...]


def apply_in_place(request: InPlaceRequest) -> InPlaceResult:
    """Carry out *request*.

    Raises ConflictError when the plan has conflicts or a file is not what the plan was made on,
    TemplateError for paths or modes out of bounds, UserError on a git work tree: nothing has
    changed then. When writing fails midway, what was written is taken back and the error raised.
    """
    root, plan = request.root, request.plan
    if plan.conflicts:
        names = ", ".join(f"{patch.series}/{patch.id}" for patch in plan.conflicts)
        raise ConflictError(f"{plan.tree}: conflict in {names}; nothing was written")
    if not root.is_dir():
        raise TreeError(f"{root}: expected a directory with a kernel tree, found none")
    if (root / ".git").exists():
        raise UserError(
            f"{root} is a git work tree, where commits are safer than edits; nothing was written",
            hint="leave --in-place away: the result is a branch, and your files stay untouched",
        )
    changes = final_changes(plan)
    if not changes and not (root / STATE).is_dir():
        return InPlaceResult(False, ())
    tree = _Directory(root)
    journal = _read_journal(root)
    if journal is None or journal.state == "done":
        _check(tree, changes)  # a refusal leaves no trace, not even a lock
    with held(root / STATE, root):
        step("locked")
        recovered = _recover(tree)
        if changes:
            _check(tree, changes)
            _write(tree, changes)
    return InPlaceResult(bool(changes), tuple(change.path for change in changes), recovered)


def undo_in_place(root: Path) -> InPlaceResult:
    """Take the last run back. UserError when there is none, ConflictError after edits to it."""
    if _read_journal(root) is None:
        raise UserError(
            f"{root}: there is no apply --in-place to undo",
            hint="--tree names the directory; a git repository has branches: patchkit status",
        )
    tree = _Directory(root)
    with held(root / STATE, root):
        step("locked")
        if _recover(tree):
            return InPlaceResult(True, (), True)
        journal = _read_journal(root)
        assert journal is not None
        _restore(tree, journal)
    return InPlaceResult(True, tuple(file.path for file in journal.files))


def final_changes(plan: Plan) -> tuple[FileChange, ...]:
    """Return what all patches together do to each file, checked to follow from each other."""
    first: dict[str, bytes | None] = {}
    last: dict[str, FileChange] = {}
    for patch in plan.changed:
        where = f"{patch.series}/{patch.id}"
        finish(patch.message, None, where)
        if sum(len(change.new or b"") for change in patch.changes) > 16 * MAX_DIFF_BYTES:
            raise TemplateError(f"{where}: writes more than {16 * MAX_DIFF_BYTES} bytes")
        for change in patch.changes:
            check_path(change.path, change.mode, where)
            known = last.get(change.path)
            if known is not None and known.new != change.old:
                raise TemplateError(f"{where}: {change.path} does not follow the patch before")
            first.setdefault(change.path, change.old)
            last[change.path] = change
    return tuple(
        FileChange(path, first[path], change.new, change.mode)
        for path, change in last.items() if first[path] != change.new
    )  # fmt: skip


class _Directory:
    """Files below a root, reached without following any symbolic link."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.state = self.root / STATE

    def place(self, path: str, *, make: bool = False) -> Path | None:
        """Return where *path* is; None when its directory does not exist (or is made)."""
        here = self.root
        for name in path.split("/")[:-1]:
            here = here / name
            try:
                mode = here.lstat().st_mode
            except FileNotFoundError:
                if not make:
                    return None
                here.mkdir()
                continue
            if not stat.S_ISDIR(mode):
                raise ConflictError(
                    f"{path}: {here} is not a directory, and patches never reach through it; "
                    "nothing was written"
                )
        return here / path.rpartition("/")[2]

    def read(self, path: str) -> tuple[bytes, int] | None:
        """Return a regular file's content and permissions; None when there is nothing."""
        place = self.place(path)
        if place is None:
            return None
        try:
            handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ConflictError(
                f"{path}: expected a file, cannot open it: {error.strerror}; nothing was written"
            ) from error
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ConflictError(f"{path}: expected a regular file; nothing was written")
            return file.read(), stat.S_IMODE(status.st_mode)

    def blob_id(self, path: str) -> str:
        """Return the id of a file's content, "" when there is none."""
        found = self.read(path)
        return "" if found is None else compute_blob_id(found[0])


def _check(tree: _Directory, changes: tuple[FileChange, ...]) -> None:
    for change in changes:
        found = tree.read(change.path)
        if (None if found is None else found[0]) != change.old:
            raise ConflictError(
                f"{change.path} is not what the plan was made on; nothing was written",
                hint="plan again",
            )


def _write(tree: _Directory, changes: tuple[FileChange, ...]) -> None:
    """Stage everything, then replace file by file; take all back when one cannot be written."""
    _clear(tree)
    files = []
    for number, change in enumerate(changes):
        found = tree.read(change.path)
        permissions = found[1] if found is not None else 0
        if change.old is not None:
            replace_file(tree.state / f"{number}.old", change.old)
        if change.new is not None:
            staged = tree.state / f"{number}.new"
            replace_file(staged, change.new)
            staged.chmod(_permissions(change.mode, permissions, staged.stat().st_mode))
        files.append(
            _File(
                change.path, "" if change.old is None else compute_blob_id(change.old),
                "" if change.new is None else compute_blob_id(change.new), change.mode,
                permissions,
            )
        )  # fmt: skip
    journal = _Journal("writing", tuple(files), _missing_directories(tree, changes))
    _write_journal(tree, journal)
    step("journal written")
    try:
        for number, file in enumerate(files):
            _replace(tree, number, file)
            step(f"{file.path} written")
    except OSError as error:
        _restore(tree, journal)
        raise TreeError(
            f"{tree.root}: {error.filename or ''}: {error.strerror}; all files are as before"
        ) from error
    _write_journal(tree, _Journal("done", journal.files, journal.made))
    step("done")


def _replace(tree: _Directory, number: int, file: _File) -> None:
    place = tree.place(file.path, make=bool(file.new))
    assert place is not None
    if file.new:
        (tree.state / f"{number}.new").replace(place)
    else:
        place.unlink()


def _permissions(mode: int, old: int, fresh: int) -> int:
    """Return a file's permissions: as they were, executable or not as git's *mode* says."""
    base = old or stat.S_IMODE(fresh) & 0o666
    readers = base & 0o444
    return base | readers >> 2 if mode == EXECUTABLE else base & ~0o111


def _missing_directories(tree: _Directory, changes: tuple[FileChange, ...]) -> tuple[str, ...]:
    """Return the directories that will be made, outermost first."""
    found: dict[str, None] = {}
    for change in changes:
        names = change.path.split("/")[:-1] if change.new is not None else []
        for depth in range(1, len(names) + 1):
            path = "/".join(names[:depth])
            if not (tree.root / path).exists():
                found[path] = None
    return tuple(found)


def _recover(tree: _Directory) -> bool:
    """Take back what an interrupted run left; True if there was something. Call with the lock."""
    journal = _read_journal(tree.root)
    if journal is None or journal.state == "done":
        return False
    _restore(tree, journal)
    return True


def _restore(tree: _Directory, journal: _Journal) -> None:
    """Put every file back; ConflictError, with nothing changed, when somebody edited one since."""
    here = {file.path: tree.blob_id(file.path) for file in journal.files}
    edited = [file.path for file in journal.files if here[file.path] not in (file.old, file.new)]
    if edited:
        raise ConflictError(
            f"{', '.join(edited)} changed since patchkit wrote it, so it is not taken back; "
            f"the old contents are in {tree.state}/N.old, N counting from 0 in journal.json",
            hint=f"put the files right by hand, then: rm -r {tree.state}",
        )
    for number, file in enumerate(journal.files):
        if here[file.path] == file.old:
            continue
        place = tree.place(file.path, make=bool(file.old))
        assert place is not None
        if file.old:
            # A copy, so that the kept content outlives an interruption of this loop as well.
            back = tree.state / f"{number}.back"
            replace_file(back, (tree.state / f"{number}.old").read_bytes())
            back.chmod(file.permissions)
            back.replace(place)
        else:
            place.unlink()
        step(f"{file.path} restored")
    for path in reversed(journal.made):
        with suppress(OSError):
            (tree.root / path).rmdir()
    (tree.state / "journal.json").unlink()
    step("journal removed")
    _clear(tree)


def _clear(tree: _Directory) -> None:
    """Remove the kept contents of a run that is over."""
    with suppress(FileNotFoundError):
        (tree.state / "journal.json").unlink()
    for path in tree.state.iterdir():
        if path.suffix in (".old", ".new", ".back"):
            path.unlink()


def _write_journal(tree: _Directory, journal: _Journal) -> None:
    replace_file(tree.state / "journal.json", msgspec.json.encode(journal))


def _read_journal(root: Path) -> _Journal | None:
    try:
        return msgspec.json.decode((root / STATE / "journal.json").read_bytes(), type=_Journal)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except msgspec.DecodeError as error:
        raise TreeError(f"{root / STATE}: not a journal of patchkit: {error}") from error


def forget(root: Path) -> None:
    """Remove ``.patchkit/`` from a tree: the run before can then no longer be undone."""
    with held(root / STATE, root):
        _recover(_Directory(root))
    shutil.rmtree(root / STATE)

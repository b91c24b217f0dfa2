# SPDX-License-Identifier: GPL-2.0-only
"""Two refs move as one: the record's first, the branch's last, with a journal around both.

The journal is written before either ref moves and removed after both have. Whoever takes the lock
next and finds one completes the move if the branch has arrived, and takes the record back if not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from patchkit.commits.faults import step
from patchkit.commits.repo import Repository
from patchkit.errors import InfrastructureError, PatchkitError
from patchkit.files import replace_file


class Move(msgspec.Struct, frozen=True):
    """One ref's way, as full commit ids; "" is a ref that does not exist."""

    ref: str
    old: str
    new: str


class Journal(msgspec.Struct, frozen=True):
    """An unfinished change of both refs by a *verb*; *why* is for the reflogs."""

    verb: Literal["apply", "undo"]
    branch: Move
    record: Move
    why: str


def state_directory(repository: Repository) -> Path:
    """Return where patchkit keeps its lock and journal, shared by all linked work trees."""
    return repository.common_dir / "patchkit"


def _journal_file(repository: Repository) -> Path:
    return state_directory(repository) / "journal.json"


def pending(repository: Repository) -> Journal | None:
    """Return the change that an interrupted run left unfinished, if any."""
    file = _journal_file(repository)
    try:
        return msgspec.json.decode(file.read_bytes(), type=Journal)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise InfrastructureError(
            f"{file}: not a journal of patchkit: {error}",
            hint=f"move it away after a look at it: mv {file} {file}.bad",
        ) from error


class Recovered(msgspec.Struct, frozen=True):
    """An interrupted change, and whether it was *completed* or taken back."""

    journal: Journal
    completed: bool


def recover(repository: Repository) -> Recovered | None:
    """Finish or take back what an interrupted run left; return it. Call with the lock held."""
    journal = pending(repository)
    if journal is None:
        return None
    _remove_dead_locks(repository, journal)
    arrived = (repository.ref(journal.branch.ref) or "") == journal.branch.new
    record = repository.ref(journal.record.ref) or ""
    wanted = journal.record.new if arrived else journal.record.old
    if record != wanted and record in (journal.record.old, journal.record.new):
        repository.move_ref(journal.record.ref, wanted or None, record or None, journal.why)
        step("record put right")
    _journal_file(repository).unlink()
    step("stale journal removed")
    return Recovered(journal, arrived)


def _remove_dead_locks(repository: Repository, journal: Journal) -> None:
    """Remove the lock files of a git that died with the run that wrote the journal.

    Only those made since the journal count; whoever wrote it is dead, as its lock is ours now.
    """
    written = _journal_file(repository).stat().st_mtime_ns
    names = (journal.branch.ref, journal.record.ref, "packed-refs")
    for lock in (repository.common_dir / f"{name}.lock" for name in names):
        if lock.exists() and lock.stat().st_mtime_ns >= written:
            lock.unlink(missing_ok=True)


def move_both(repository: Repository, journal: Journal) -> None:
    """Move record and branch by compare-and-swap; when either cannot be moved, neither has."""
    replace_file(_journal_file(repository), msgspec.json.encode(journal))
    step("journal written")
    try:
        _move(repository, journal.record, journal.why)
        step("record moved")
        _move(repository, journal.branch, journal.why)
        step("branch moved")
    except PatchkitError:
        recover(repository)
        raise
    _journal_file(repository).unlink()
    step("journal removed")


def _move(repository: Repository, move: Move, why: str) -> None:
    if move.old != move.new:
        repository.move_ref(move.ref, move.new or None, move.old or None, why)

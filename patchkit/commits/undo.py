# SPDX-License-Identifier: GPL-2.0-only
"""``undo``: a branch goes back to what it was before the last apply."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from patchkit.commits import worktrees
from patchkit.commits.branch import branch_ref, record_ref
from patchkit.commits.faults import step
from patchkit.commits.journal import Journal, Move, move_both, recover, state_directory
from patchkit.commits.lock import held
from patchkit.commits.record import Record, read_record
from patchkit.commits.repo import Repository
from patchkit.errors import ConflictError, UserError


@dataclass(frozen=True, slots=True)
class UndoRequest:
    """Take *branch* (a short name) of *repository* back; with *dry_run* only say how."""

    repository: Path
    branch: str
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class UndoResult:
    """The branch's full name and its tips; *after* is "" when the branch is gone again."""

    ref: str
    before: str
    after: str
    changed: bool
    dry_run: bool = False


def undo(request: UndoRequest) -> UndoResult:
    """Carry out *request*.

    Raises UserError when patchkit knows nothing of the branch or it is checked out, ConflictError
    when it has been changed since the last apply: then going back would drop the user's commits.
    """
    with Repository(request.repository) as repository:
        ref = branch_ref(repository, request.branch)
        if request.dry_run:
            tip, record_id, record = _look(repository, request.branch, ref)
            return UndoResult(ref, tip, record.before, tip != record.before, dry_run=True)
        with held(state_directory(repository), repository.common_dir):
            step("locked")
            found = recover(repository)
            if found is not None and found.completed and found.journal.verb == "undo":
                move = found.journal.branch
                if move.ref == ref:
                    # This very undo was interrupted at its end; another would go too far back.
                    return UndoResult(ref, move.old, move.new, move.old != move.new)
            tip, record_id, record = _look(repository, request.branch, ref)
            if tip != record.before:
                worktrees.refuse_checked_out(repository, request.branch)
            journal = Journal(
                "undo",
                Move(ref, tip, record.before),
                Move(record_ref(request.branch), record_id, record.previous),
                f"patchkit undo: apply of {record.after[:12]}",
            )
            move_both(repository, journal)
        return UndoResult(ref, tip, record.before, tip != record.before)


def _look(repository: Repository, branch: str, ref: str) -> tuple[str, str, Record]:
    """Return the branch's tip, its record's id and the record, when going back loses nothing."""
    tip = repository.ref(ref)
    record_id = repository.ref(record_ref(branch))
    if tip is None or record_id is None:
        what = f"there is no branch {branch}" if tip is None else f"{branch} was never applied to"
        raise UserError(
            f"{repository.path}: {what}, so there is nothing to undo",
            hint=f"git -C {repository.path} branch --list 'patchkit/*'",
        )
    record = read_record(repository, record_id)
    if tip != record.after:
        raise ConflictError(
            f"{branch} has changed since the last apply: expected {record.after[:12]}, "
            f"found {tip[:12]}; going back would drop commits, so nothing was changed",
            hint=f"keep them with: git branch {branch}-mine {tip[:12]} && "
            f"git branch -f {branch} {record.after[:12]}, then undo again",
        )
    return tip, record_id, record

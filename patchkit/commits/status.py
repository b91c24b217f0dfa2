# SPDX-License-Identifier: GPL-2.0-only
"""``status``: what a rendered branch holds, and whether its templates have moved on.

Reads only: no lock is taken, nothing is written but, at most, objects that nothing refers to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from patchkit.commits.branch import BRANCHES, RECORDS, branch_ref, record_ref
from patchkit.commits.history import read_history
from patchkit.commits.journal import pending
from patchkit.commits.record import RecordedPatch, read_record
from patchkit.commits.repo import Repository
from patchkit.errors import ConflictError, UserError

Condition = Literal["rendered", "amended", "missing", "not needed"]
"""``rendered``: message and change are what patchkit wrote; ``amended``: the user changed them;
``missing``: gone from the branch; ``not needed``: it was present or superseded when applied."""


@dataclass(frozen=True, slots=True)
class PatchStatus:
    """One patch of the last apply; *commit* is where it is now, *moved_on* compares digests."""

    series: str
    id: str
    subject: str
    state: str
    condition: Condition
    commit: str
    digest: str
    moved_on: bool


@dataclass(frozen=True, slots=True)
class UserCommit:
    """A commit on the branch that patchkit did not render."""

    commit: str
    subject: str


@dataclass(frozen=True, slots=True)
class BranchStatus:
    """A rendered branch.

    *problem* says why *patches* and *commits* cannot be told apart, "" normally. *unfinished*
    tells that an apply or undo was interrupted; the next one puts it right.
    """

    branch: str
    ref: str
    base: str
    tip: str
    patches: tuple[PatchStatus, ...]
    commits: tuple[UserCommit, ...]
    reordered: bool
    patchkit: str
    problem: str = ""
    unfinished: bool = False

    @property
    def moved_on(self) -> bool:
        """Whether a template is no longer what the branch was rendered from."""
        return any(patch.moved_on for patch in self.patches)


def branches(repository: Path) -> tuple[str, ...]:
    """Return the short names of all branches that patchkit has rendered, sorted."""
    with Repository(repository) as opened:
        existing = opened.refs(BRANCHES)
        names = (ref.removeprefix(RECORDS) for ref in opened.refs(RECORDS))
        return tuple(sorted(name for name in names if BRANCHES + name in existing))


def status(repository: Path, branch: str, digests: Mapping[str, str] | None = None) -> BranchStatus:
    """Return what *branch* holds.

    *digests* are the present digests of the templates by ``series/id``; without, no patch counts
    as moved on. UserError when patchkit has not rendered the branch.
    """
    with Repository(repository) as opened:
        ref = branch_ref(opened, branch)
        tip, record_id = opened.ref(ref), opened.ref(record_ref(branch))
        if tip is None or record_id is None:
            what = f"there is no branch {branch}" if tip is None else f"{branch} is not patchkit's"
            raise UserError(
                f"{repository}: {what}", hint=f"patchkit apply --branch {branch} SERIES"
            )
        record = read_record(opened, record_id)
        unfinished = (journal := pending(opened)) is not None and journal.branch.ref == ref
        problem = ""
        try:
            history = read_history(opened, record, tip, record.base)
        except ConflictError as error:
            history, problem = None, error.message
        slots = history.slots if history is not None else ()
        here = {slot.key: slot for slot in slots if slot.key}
        patches = []
        for patch in record.patches:
            slot = here.get(patch.key)
            condition: Condition = "missing"
            if not patch.commit:
                condition = "not needed"
            elif slot is not None:
                condition = "amended" if slot.kind == "amended" else "rendered"
            patches.append(
                PatchStatus(
                    patch.series, patch.id, patch.subject, patch.state, condition,
                    slot.commit.id if slot is not None else "", patch.digest,
                    _moved_on(patch, digests),
                )
            )  # fmt: skip
        own = tuple(UserCommit(one.commit.id, one.commit.subject) for one in slots if not one.key)
        return BranchStatus(
            branch, ref, record.base, tip, tuple(patches), own,
            history is not None and history.reordered, record.patchkit, problem, unfinished,
        )  # fmt: skip


def _moved_on(patch: RecordedPatch, digests: Mapping[str, str] | None) -> bool:
    return digests is not None and digests.get(patch.key) != patch.digest


def planning_base(repository: Path, branch: str, revision: str = "HEAD") -> str:
    """Return the commit to plan on when the user means *revision*.

    That is the recorded base of *branch* when *revision* is on the branch itself (as HEAD is after
    ``--checkout``), where all patches would seem to be there already; else *revision*'s commit.
    """
    with Repository(repository) as opened:
        commit = opened.resolve(revision)
        ref = branch_ref(opened, branch)
        tip, record_id = opened.ref(ref), opened.ref(record_ref(branch))
        if tip is None or record_id is None:
            return commit
        record = read_record(opened, record_id)
        if commit == record.base or not opened.is_ancestor(record.base, commit):
            return commit
        on_branch = {one.id for one in opened.commits_between(record.base, tip)}
        rendered = {patch.commit for patch in record.rendered}
        if commit in rendered:
            return record.base
        if commit in on_branch and opened.is_ancestor(record.base, tip):
            history = read_history(opened, record, tip, record.base)
            position = [slot.commit.id for slot in history.slots].index(commit)
            if any(slot.key for slot in history.slots[: position + 1]):
                return record.base
        return commit

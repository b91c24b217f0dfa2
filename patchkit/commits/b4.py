# SPDX-License-Identifier: GPL-2.0-only
"""A branch for ``b4 prep``: an empty commit with the cover letter, then the patches.

b4 knows its branches by that commit: its message is the cover letter, a marker, and JSON with the
revision, the change-id and the prerequisites. From then on the branch is b4's and the user's: the
cover letter and the tracking data are kept as they are when the patches are exported again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patchkit.commits import worktrees
from patchkit.commits.branch import branch_ref
from patchkit.commits.cover import Cover, Footing, cover_text
from patchkit.commits.export import ExportRequest, Selected, refuse_empty, select_from_branch
from patchkit.commits.exported import ExportRecord, last_export, remember_export
from patchkit.commits.repo import Commit, Identity, Repository, user_identity
from patchkit.errors import ConflictError, UserError

MARKER = "--- b4-submit-tracking ---"
_REMARK = "# This section is used internally by b4 prep for tracking purposes."


@dataclass(frozen=True, slots=True)
class Prepared:
    """The branch as it is now; *cover_kept* tells that its cover letter was there before."""

    branch: str
    tip: str
    change_id: str
    changed: bool
    cover_kept: bool


def prepare(request: ExportRequest, repository: Path, branch: str, name: str) -> Prepared:
    """Put the patches on *branch* onto the b4 branch *name*, which is made if it is not there.

    Raises UserError when *name* is a branch of others or is checked out, and ConflictError when
    its patches are no longer those that were put there: they would be lost.
    """
    if "/" not in name:
        name = f"b4/{name}"
    with Repository(repository) as opened:
        ref = branch_ref(opened, name)
        selected = select_from_branch(request, opened, branch)
        refuse_empty(selected.letters)
        committer = user_identity("COMMITTER", repository)
        old = opened.ref(ref)
        last = last_export(opened, name, 1)
        kept: Commit | None = None
        if old is not None:
            kept = _cover_commit(opened, name, old, last)
        message = kept.message if kept is not None else _message(request, selected)
        known = _known(opened, last) if last is not None else {}
        tip = _write(opened, selected, message, committer, known)
        if tip != old:
            worktrees.refuse_checked_out(opened, name)
            opened.move_ref(ref, tip, old, f"patchkit export: {branch}")
        record = ExportRecord(name, 1, selected.below, tip, selected.footing.change_id)
        remember_export(opened, record, committer)
    return Prepared(name, tip, selected.footing.change_id, tip != old, kept is not None)


def _cover_commit(repository: Repository, name: str, tip: str, last: ExportRecord | None) -> Commit:
    """Return the cover letter's commit on a branch that nobody has put patches on."""
    if last is None:
        raise UserError(
            f"{name} is there already, and not from patchkit; nothing was changed",
            hint="choose another name",
        )
    now = repository.commits_between(last.base, tip)
    covers = [one for one in now if _is_cover(one)]
    if len(covers) != 1:
        raise ConflictError(
            f"{name}: expected one commit with b4's cover letter above {last.base[:12]}, found "
            f"{len(covers)}; nothing was changed",
            hint=f"export to another branch, or rename this one: git branch -m {name} {name}-mine",
        )
    before = repository.commits_between(last.base, last.tip)
    if _content(now) != _content(before):
        raise ConflictError(
            f"{name} has changed since patchkit put the patches there; they would be lost, so "
            "nothing was changed",
            hint=f"make the changes on the branch that was exported, or keep this one: "
            f"git branch -m {name} {name}-mine",
        )
    return covers[0]


def _is_cover(commit: Commit) -> bool:
    return MARKER.encode("ascii") in commit.message


def _content(commits: list[Commit]) -> list[tuple[str, bytes]]:
    return [(one.tree, one.message) for one in commits if not _is_cover(one)]


def _message(request: ExportRequest, selected: Selected) -> bytes:
    cover = request.cover or Cover("", "")
    # b4 adds shortlog, diffstat and the trailer when it sends.
    text = cover_text(cover, selected.letters, Footing())
    series: dict[str, Any] = {
        "revision": request.version,
        "change-id": selected.footing.change_id,
        "prefixes": [],
    }
    if selected.footing.prerequisites:
        series["prerequisites"] = [
            *(f"patch-id: {one}" for one in selected.footing.prerequisites),
            f"base-commit: {selected.footing.base}",
        ]
    tracking = json.dumps({"series": series}, indent=2)
    lines = [cover.subject, "", text.rstrip("\n"), "", MARKER, _REMARK, tracking, ""]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


Known = dict[tuple[str, str, bytes], str]


def _known(repository: Repository, last: ExportRecord) -> Known:
    """Return the commits of the last export, to be used again where nothing has changed."""
    return {
        (one.parents[0], one.tree, one.message): one.id
        for one in repository.commits_between(last.base, last.tip)
    }


def _write(
    repository: Repository, selected: Selected, cover: bytes, committer: Identity, known: Known
) -> str:
    line = committer.line.encode("utf-8", "surrogateescape")
    below = selected.below
    tree = repository.commit(below).tree
    tip = known.get((below, tree, cover)) or repository.write_commit(
        tree, (below,), cover, line, line
    )
    for letter, tree in zip(selected.letters, selected.trees, strict=True):
        message = letter.message.encode("utf-8", "surrogateescape")
        author = letter.author.encode("utf-8", "surrogateescape")
        found = known.get((tip, tree, message))
        tip = found or repository.write_commit(tree, (tip,), message, author, line)
    return tip

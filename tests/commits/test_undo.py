# SPDX-License-Identifier: GPL-2.0-only
"""undo: back to before the last apply, never over the user's commits."""

from __future__ import annotations

from pathlib import Path

import pytest
from commit_helpers import PATCHES, commit, git, plan_at

from patchkit.commits.status import branches
from patchkit.commits.transaction import ApplyRequest, apply
from patchkit.commits.undo import UndoRequest, undo
from patchkit.errors import ConflictError, UserError

NAME = "patchkit/vm-pinned"


def run(where: Path, digest: str = "1", count: int = 3) -> str:
    base = git(where, "rev-parse", "main")
    plan = plan_at(where, base, PATCHES[:count], digest)
    return apply(ApplyRequest(where, base, plan, NAME)).after


def test_the_first_apply_leaves_nothing(kernel: Path) -> None:
    tip = run(kernel)
    assert branches(kernel) == (NAME,)
    result = undo(UndoRequest(kernel, NAME))
    assert (result.before, result.after, result.changed) == (tip, "", True)
    assert git(kernel, "for-each-ref", "refs/heads/patchkit", "refs/patchkit") == ""
    assert branches(kernel) == ()
    with pytest.raises(UserError, match="nothing to undo"):
        undo(UndoRequest(kernel, NAME))


def test_one_apply_at_a_time(kernel: Path) -> None:
    first = run(kernel, "1", 1)
    second = run(kernel, "2", 2)
    third = run(kernel, "3", 3)
    assert len({first, second, third}) == 3
    assert undo(UndoRequest(kernel, NAME)).after == second
    assert git(kernel, "rev-parse", NAME) == second
    assert undo(UndoRequest(kernel, NAME)).after == first
    assert run(kernel, "1", 1) == first
    assert undo(UndoRequest(kernel, NAME)).after == ""


def test_an_apply_that_moved_nothing_does_not_count(kernel: Path) -> None:
    run(kernel, "1")
    run(kernel, "2")
    assert undo(UndoRequest(kernel, NAME)).after == ""


def test_the_users_commits_come_back(kernel: Path) -> None:
    run(kernel)
    git(kernel, "checkout", "-q", NAME)
    own = commit(kernel, {"README": b"mine\n"}, "Mine")
    git(kernel, "checkout", "-q", "main")
    assert run(kernel, "2", 2) != own
    git(kernel, "reflog", "expire", "--expire=now", "--all")
    git(kernel, "gc", "-q", "--prune=now")
    assert undo(UndoRequest(kernel, NAME)).after == own


def test_commits_since_then_are_not_dropped(kernel: Path) -> None:
    run(kernel)
    git(kernel, "checkout", "-q", NAME)
    own = commit(kernel, {"README": b"mine\n"}, "Mine")
    git(kernel, "checkout", "-q", "main")
    with pytest.raises(ConflictError, match="has changed since the last apply"):
        undo(UndoRequest(kernel, NAME))
    assert git(kernel, "rev-parse", NAME) == own


def test_a_checked_out_branch_stays(kernel: Path) -> None:
    tip = run(kernel)
    git(kernel, "checkout", "-q", NAME)
    with pytest.raises(UserError, match="is checked out"):
        undo(UndoRequest(kernel, NAME))
    assert git(kernel, "rev-parse", NAME) == tip


def test_dry_run(kernel: Path) -> None:
    tip = run(kernel)
    result = undo(UndoRequest(kernel, NAME, dry_run=True))
    assert (result.before, result.after) == (tip, "")
    assert git(kernel, "rev-parse", NAME) == tip


def test_a_branch_of_the_users(kernel: Path) -> None:
    with pytest.raises(UserError, match="never applied"):
        undo(UndoRequest(kernel, "main"))

# SPDX-License-Identifier: GPL-2.0-only
"""A branch for b4 prep: the cover letter's commit, the tracking data, and nobody's work lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from commit_helpers import commit, git, plan_at

from patchkit.commits.b4 import MARKER, Prepared, prepare
from patchkit.commits.cover import Cover
from patchkit.commits.export import ExportRequest
from patchkit.commits.transaction import ApplyRequest, apply
from patchkit.errors import ConflictError, UserError
from patchkit.series.model import Plan

BRANCH = "patchkit/vm-pinned"
REQUEST = ExportRequest("patches", cover=Cover("mm: count once", "It was counted twice.\n"))


def applied(where: Path, count: int = 3) -> None:
    base = git(where, "rev-parse", "main")
    plan = plan_at(where, base)
    apply(ApplyRequest(where, base, Plan(plan.tree, plan.patches[:count]), BRANCH))


def prep(where: Path, request: ExportRequest = REQUEST) -> Prepared:
    return prepare(request, where, BRANCH, "pinned")


def cover(where: Path, back: int = 3) -> str:
    return git(where, "log", "-1", "--format=%B", f"b4/pinned~{back}")


def test_the_branch_is_the_cover_letter_and_then_the_patches(kernel: Path) -> None:
    applied(kernel)
    made = prep(kernel)
    assert (made.branch, made.changed, made.cover_kept) == ("b4/pinned", True, False)
    assert git(kernel, "rev-parse", "b4/pinned~4") == git(kernel, "rev-parse", "main")
    assert git(kernel, "rev-parse", "b4/pinned~3^{tree}") == git(kernel, "rev-parse", "main^{tree}")
    form = "--format=%T%n%an <%ae> %ad%n%B"
    assert git(kernel, "log", form, "-3", "b4/pinned") == git(kernel, "log", form, "-3", BRANCH)
    text, _, rest = cover(kernel).partition(MARKER)
    assert text.startswith("mm: count once\n\nIt was counted twice.\n")
    assert "Rendered by patchkit" in text
    assert json.loads(rest[rest.index("{") :]) == {
        "series": {"revision": 1, "change-id": made.change_id, "prefixes": []}
    }


def test_exporting_the_same_again_changes_nothing(kernel: Path) -> None:
    applied(kernel)
    first = prep(kernel)
    second = prep(kernel)
    assert (second.tip, second.changed) == (first.tip, False)


def test_the_cover_letter_that_was_edited_is_kept(kernel: Path) -> None:
    applied(kernel, 2)
    made = prep(kernel)
    # What b4 prep --edit-cover does: the cover letter's commit and all above it are written anew.
    edited = cover(kernel, 2).replace("It was counted twice.", "In my words.")
    tree = git(kernel, "rev-parse", "main^{tree}")
    tip = git(kernel, "commit-tree", "-p", "main", tree, "-F", "-", input=edited.encode())
    for back in (1, 0):
        text = git(kernel, "log", "-1", "--format=%B", f"b4/pinned~{back}").encode()
        tree = git(kernel, "rev-parse", f"b4/pinned~{back}^{{tree}}")
        tip = git(kernel, "commit-tree", "-p", tip, tree, "-F", "-", input=text + b"\n")
    git(kernel, "update-ref", "refs/heads/b4/pinned", tip)
    applied(kernel, 3)
    again = prep(kernel)
    assert (again.cover_kept, again.change_id) == (True, made.change_id)
    assert "In my words." in cover(kernel)
    assert git(kernel, "log", "-1", "--format=%s", "b4/pinned") == "mm: sum up"


def test_commits_that_were_added_to_the_branch_are_not_lost(kernel: Path) -> None:
    applied(kernel)
    prep(kernel)
    git(kernel, "checkout", "-q", "b4/pinned")
    commit(kernel, {"kernel/mine.c": b"x\n"}, "Mine")
    git(kernel, "checkout", "-q", "main")
    before = git(kernel, "rev-parse", "b4/pinned")
    with pytest.raises(ConflictError, match="has changed since patchkit put the patches there"):
        prep(kernel)
    assert git(kernel, "rev-parse", "b4/pinned") == before


def test_a_branch_of_others_is_left_alone(kernel: Path) -> None:
    applied(kernel)
    git(kernel, "branch", "b4/pinned", "main")
    with pytest.raises(UserError, match="is there already, and not from patchkit"):
        prep(kernel)
    assert git(kernel, "rev-parse", "b4/pinned") == git(kernel, "rev-parse", "main")


def test_a_branch_that_is_checked_out_is_not_moved(kernel: Path) -> None:
    applied(kernel, 2)
    prep(kernel)
    git(kernel, "checkout", "-q", "b4/pinned")
    applied(kernel, 3)
    with pytest.raises(UserError, match="checked out"):
        prep(kernel)


def test_prerequisites_are_tracked(kernel: Path) -> None:
    base = git(kernel, "rev-parse", "main")
    plan = plan_at(kernel, base)
    *below, last = plan.patches
    apply(ApplyRequest(kernel, base, Plan("t", (*below, replace(last, series="mpin"))), BRANCH))
    prep(kernel, replace(REQUEST, only=("mpin",)))
    rest = cover(kernel, 1).partition(MARKER)[2]
    listed = json.loads(rest[rest.index("{") :])["series"]["prerequisites"]
    assert [one.split(": ")[0] for one in listed] == ["patch-id", "patch-id", "base-commit"]
    assert listed[-1] == f"base-commit: {base}"


PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"


@pytest.mark.skipif(shutil.which("b4", path=PATH) is None, reason="b4 is not installed")
def test_b4_itself_takes_the_branch(kernel: Path) -> None:
    applied(kernel)
    made = prep(kernel)
    git(kernel, "checkout", "-q", "b4/pinned")

    program = shutil.which("b4", path=PATH) or "b4"

    def b4(*words: str) -> str:
        done = subprocess.run(
            [program, "--offline-mode", "--no-interactive", *words],
            cwd=kernel, check=False, capture_output=True, text=True,
            env={**os.environ, "XDG_CACHE_HOME": str(kernel.parent), "PATH": PATH},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    shown = b4("prep", "--show-info")
    assert f"change-id: {made.change_id}" in shown
    assert "revision: 1" in shown
    assert shown.count("commit-") >= 3
    out = kernel.parent / "b4-out"
    b4("prep", "--format-patch", str(out))
    assert len(list(out.iterdir())) == 4
    assert "mm: sum up" in sorted(out.iterdir())[3].read_text()

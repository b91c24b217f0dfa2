# SPDX-License-Identifier: GPL-2.0-only
"""apply --checkout: switches where nothing can be lost, and says which check failed elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from commit_helpers import PATCHES, commit, git, plan_at, write

from patchkit.commits.transaction import ApplyRequest, ApplyResult, apply
from patchkit.errors import UserError

NAME = "patchkit/vm-pinned"


def run(where: Path, count: int = 3, **options: object) -> ApplyResult:
    base = git(where, "rev-parse", "main")
    plan = plan_at(where, base, PATCHES[:count], str(count))
    return apply(ApplyRequest(where, base, plan, NAME, checkout=True, **options))  # type: ignore[arg-type]


def refused(where: Path, reason: str) -> None:
    head = git(where, "rev-parse", "--symbolic-full-name", "HEAD")
    refs = git(where, "for-each-ref", "refs/heads")
    with pytest.raises(UserError, match=reason):
        run(where)
    assert git(where, "rev-parse", "--symbolic-full-name", "HEAD") == head
    assert git(where, "for-each-ref", "refs/heads") == refs
    # Without --checkout the same is no hindrance.
    base = git(where, "rev-parse", "main")
    assert apply(ApplyRequest(where, base, plan_at(where, base), NAME)).changed


def test_a_clean_work_tree_is_switched(kernel: Path) -> None:
    (kernel / "my-notes").write_text("mine\n")
    result = run(kernel)
    assert result.changed
    assert git(kernel, "symbolic-ref", "--short", "HEAD") == NAME
    assert (kernel / "mm/mpin.c").read_bytes() == b"/* new */\n"
    assert (kernel / "scripts/new.sh").stat().st_mode & 0o111
    assert git(kernel, "status", "--porcelain", "--untracked-files=no") == ""
    assert (kernel / "my-notes").read_text() == "mine\n"


def test_a_branch_that_is_checked_out_here_follows(kernel: Path) -> None:
    run(kernel, 3)
    result = run(kernel, 1)
    assert result.changed
    assert git(kernel, "symbolic-ref", "--short", "HEAD") == NAME
    assert git(kernel, "rev-parse", "HEAD") == result.after
    assert not (kernel / "scripts/new.sh").exists()
    assert git(kernel, "status", "--porcelain", "--untracked-files=no") == ""
    assert not run(kernel, 1).changed


def test_unstaged_changes(kernel: Path) -> None:
    write(kernel, {"kernel/fork.c": b"my work\n"})
    refused(kernel, r"uncommitted changes \(kernel/fork\.c\)")
    assert (kernel / "kernel/fork.c").read_bytes() == b"my work\n"


def test_staged_changes(kernel: Path) -> None:
    write(kernel, {"kernel/mine.c": b"my work\n"})
    git(kernel, "add", "--force", "kernel/mine.c")
    refused(kernel, r"uncommitted changes \(kernel/mine\.c\)")


def test_an_ignored_file_in_the_way_is_not_replaced(kernel: Path) -> None:
    assert git(kernel, "check-ignore", "mm/mpin.c")
    (kernel / "mm/mpin.c").write_bytes(b"mine, and ignored\n")
    refused(kernel, r"mm/mpin\.c is not under version control")
    assert (kernel / "mm/mpin.c").read_bytes() == b"mine, and ignored\n"


def test_a_bare_repository(kernel: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(kernel, "clone", "-q", "--bare", str(kernel), str(bare))
    refused(bare, "bare repository")


def start_rebase(where: Path) -> None:
    commit(where, {"README": b"two\n"}, "Two")
    git(where, "-c", "sequence.editor=sed -i s/pick/break/", "rebase", "-i", "HEAD~1", check=False)


def start_am(where: Path) -> None:
    git(where, "am", input=b"From x Mon Sep 17 00:00:00 2001\nFrom: a <a@b.c>\nSubject: x\n\n"
        b"---\n--- a/nofile\n+++ b/nofile\n@@ -1 +1 @@\n-a\n+b\n", check=False)  # fmt: skip


def start_bisect(where: Path) -> None:
    commit(where, {"README": b"two\n"}, "Two")
    git(where, "bisect", "start")


def start_merge(where: Path) -> None:
    git(where, "branch", "side")
    commit(where, {"kernel/side.c": b"x\n"}, "Here")
    git(where, "checkout", "-q", "side")
    commit(where, {"kernel/other.c": b"y\n"}, "There")
    git(where, "checkout", "-q", "main")
    git(where, "merge", "-q", "--no-commit", "side")


def plain_merges(where: Path) -> None:
    """Let the tree's hostile attributes not resolve a conflict."""
    (where / ".git/info").mkdir(exist_ok=True)
    (where / ".git/info/attributes").write_text("* merge=text\n")


def start_cherry_pick(where: Path) -> None:
    plain_merges(where)
    git(where, "checkout", "-q", "--detach")
    one = commit(where, {"README": b"one\n"}, "One")
    git(where, "checkout", "-q", "main")
    commit(where, {"README": b"two\n"}, "Two")
    git(where, "cherry-pick", one, check=False)
    git(where, "checkout", "-q", "HEAD", "--", "README")


def start_revert(where: Path) -> None:
    plain_merges(where)
    one = commit(where, {"README": b"one\n"}, "One")
    commit(where, {"README": b"two\n"}, "Two")
    git(where, "revert", "--no-edit", one, check=False)
    git(where, "checkout", "-q", "HEAD", "--", "README")


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (start_rebase, "git rebase"), (start_am, "git am"), (start_bisect, "git bisect"),
        (start_merge, "git merge"), (start_cherry_pick, "git cherry-pick"),
        (start_revert, "git revert"),
    ],
)  # fmt: skip
def test_something_in_progress(kernel: Path, start: object, what: str) -> None:
    start(kernel)  # type: ignore[operator]
    refused(kernel, f"{what} is in progress")


def test_progress_in_another_work_tree_does_not_matter(kernel: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(kernel, "worktree", "add", "-q", str(linked))
    start_bisect(linked)
    run(kernel)
    assert git(kernel, "symbolic-ref", "HEAD") == f"refs/heads/{NAME}"


def test_a_branch_that_another_work_tree_is_rebasing_is_not_moved(
    kernel: Path, tmp_path: Path
) -> None:
    run(kernel)
    git(kernel, "checkout", "-q", "main")
    linked = tmp_path / "linked"
    git(kernel, "worktree", "add", "-q", str(linked), NAME)
    git(linked, "-c", "sequence.editor=sed -i s/pick/break/", "rebase", "-i", "HEAD~1", check=False)
    tip = git(kernel, "rev-parse", NAME)
    with pytest.raises(UserError, match=str(linked)):
        run(kernel, 1)
    assert git(kernel, "rev-parse", NAME) == tip


def test_a_refused_switch_leaves_the_branch_complete(
    kernel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from patchkit.commits import worktrees

    def in_the_way(repository: object, commit: str) -> None:
        (kernel / "mm/mpin.c").write_bytes(b"just now\n")

    monkeypatch.setattr(worktrees, "refuse_overwriting", in_the_way)
    with pytest.raises(UserError, match="is complete, but could not be checked out"):
        run(kernel)
    assert (kernel / "mm/mpin.c").read_bytes() == b"just now\n"
    assert git(kernel, "rev-parse", NAME)
    assert git(kernel, "symbolic-ref", "--short", "HEAD") == "main"

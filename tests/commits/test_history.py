# SPDX-License-Identifier: GPL-2.0-only
"""What users do to a rendered branch, and that no later apply drops any of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from commit_helpers import COUNT, FLAG, PATCHES, SUM, commit, git, line, message, plan_at, show

from patchkit.commits.status import planning_base, status
from patchkit.commits.transaction import ApplyRequest, ApplyResult, apply
from patchkit.errors import ConflictError
from patchkit.series.model import Plan

NAME = "patchkit/vm-pinned"
NEWER = [
    PATCHES[0],
    ("0002-count", message("mm: count"), {"mm/mlock.c": COUNT, "kernel/fork.c": line(5, b"/*2*/")}),
    PATCHES[2],
]
"""The second patch's template has changed, in kernel/fork.c line 5."""


def run(where: Path, plan: Plan, base: str = "main", **options: object) -> ApplyResult:
    commit_id = git(where, "rev-parse", base)
    return apply(ApplyRequest(where, commit_id, plan, NAME, **options))  # type: ignore[arg-type]


@pytest.fixture
def work(kernel: Path, tmp_path: Path) -> Path:
    """A linked work tree of a repository with the series on its branch, for the user's doings."""
    run(kernel, plan_at(kernel, "main"))
    place = tmp_path / "work"
    git(kernel, "worktree", "add", "-q", "--detach", str(place), NAME)
    # The hostile attributes would get in the way of the user's own git.
    git(place, "update-index", "--skip-worktree", ".gitattributes")
    (place / ".gitattributes").write_bytes(b"")
    return place


def publish(work: Path) -> str:
    """Let the branch be what the user made of it in the work tree."""
    tip = git(work, "rev-parse", "HEAD")
    git(work, "update-ref", f"refs/heads/{NAME}", tip)
    return tip


def rewrite(work: Path, script: str, *more: str) -> None:
    """Edit the branch's last three commits as ``git rebase -i`` would."""
    git(work, *more, "-c", f"sequence.editor={script}", "-c", "core.editor=true",
        "rebase", "-q", "-i", "main")  # fmt: skip


def subjects(where: Path, base: str = "main") -> list[str]:
    return git(where, "log", "--reverse", "--format=%s", f"{base}..{NAME}").split("\n")


def newer(kernel: Path, base: str = "main") -> Plan:
    return plan_at(kernel, base, NEWER, digest="2")  # type: ignore[arg-type]


def lines(where: Path, path: str, *numbers: int) -> list[bytes]:
    content = (show(where, NAME, path) or b"").split(b"\n")
    return [content[number - 1] for number in numbers]


# -- history 1 and 2: commits on top ---------------------------------------------------------------


def test_a_commit_on_top_stays_when_nothing_is_new(kernel: Path, work: Path) -> None:
    own = commit(work, {"README": b"mine\n"}, "My commit")
    publish(work)
    result = run(kernel, plan_at(kernel, "main"))
    assert (result.changed, result.after) == (False, own)
    assert [(kept.old, kept.new) for kept in result.kept] == [(own, own)]


def test_commits_on_top_are_rebased_on_a_newer_rendering(kernel: Path, work: Path) -> None:
    git(work, "config", "user.name", "Somebody Else")
    first = commit(work, {"README": b"mine\n"}, "My commit\n\nWith a body.")
    second = commit(work, {"kernel/mine.c": b"x\n"}, "Zweiter, für mich")
    git(work, "config", "--unset", "user.name")
    publish(work)
    result = run(kernel, newer(kernel))
    assert result.changed
    assert subjects(kernel) == ["mm: add the flag", "mm: count", "mm: sum up", "My commit",
                                "Zweiter, für mich"]  # fmt: skip
    assert [kept.old for kept in result.kept] == [first, second]
    assert git(kernel, "rev-parse", f"{NAME}~1", NAME).split() == [one.new for one in result.kept]
    assert git(kernel, "log", "-1", "--format=%an|%cn|%b", f"{NAME}~1") == (
        "Somebody Else|Ursula Tester|With a body."
    )
    assert git(kernel, "log", "-1", "--format=%ad", NAME) == git(
        kernel, "log", "-1", "--format=%ad", second
    )
    assert lines(kernel, "kernel/fork.c", 5) == [b"/*2*/"]
    assert "My commit" in result.range_diff
    assert "mm: count" in result.range_diff
    git(kernel, "fsck", "--strict")
    assert not run(kernel, newer(kernel)).changed


def test_commits_on_top_follow_to_a_new_base(kernel: Path, work: Path) -> None:
    commit(work, {"kernel/mine.c": b"x\n"}, "My commit")
    publish(work)
    commit(kernel, {"README": b"the next release\n"}, "Next")
    result = run(kernel, plan_at(kernel, "main"))
    assert result.changed
    assert git(kernel, "merge-base", "main", NAME) == git(kernel, "rev-parse", "main")
    assert subjects(kernel)[-1] == "My commit"
    assert show(kernel, NAME, "README") == b"the next release\n"
    assert [patch.commit for patch in result.patches] == git(
        kernel, "rev-list", "--reverse", f"main..{NAME}~1"
    ).split()


# -- history 3: an amended commit ------------------------------------------------------------------


def amend_second(work: Path, subject: str | None = None) -> None:
    """Amend the patch in the middle; the third is rebased on it by git."""
    git(work, "checkout", "-q", f"{NAME}~1")
    (work / "mm/mlock.c").write_bytes(
        line(30, b"/* amended */")((work / "mm/mlock.c").read_bytes())
    )
    git(work, "add", "--force", "mm/mlock.c")
    git(work, "commit", "-q", "--amend", *(["-m", subject] if subject else ["--no-edit"]))
    git(work, "cherry-pick", NAME)
    publish(work)


def test_an_amended_commit_is_known_and_stays(kernel: Path, work: Path) -> None:
    amend_second(work)
    tip = git(kernel, "rev-parse", NAME)
    result = run(kernel, plan_at(kernel, "main"))
    assert (result.changed, result.after) == (False, tip)
    assert [kept.amended for kept in result.kept] == ["vm-pinned/0002-count"]
    assert [patch.condition for patch in status(kernel, NAME).patches] == [
        "rendered", "amended", "rendered",
    ]  # fmt: skip


@pytest.mark.parametrize("subject", [None, "mm: count them all"])
def test_an_amendment_is_merged_into_a_newer_rendering(
    kernel: Path, work: Path, subject: str | None
) -> None:
    amend_second(work, subject)
    result = run(kernel, newer(kernel))
    assert result.changed
    assert subjects(kernel) == ["mm: add the flag", subject or "mm: count", "mm: sum up"]
    assert lines(kernel, "mm/mlock.c", 3, 20, 30, 37) == [
        b"/* the flag */", b"/* the count */", b"/* amended */", b"/* the sum */",
    ]  # fmt: skip
    assert lines(kernel, "kernel/fork.c", 5) == [b"/*2*/"]
    assert git(kernel, "diff", "--stat", f"{NAME}~1", NAME).count("mlock") == 1
    assert not run(kernel, newer(kernel)).changed
    assert git(kernel, "rev-parse", f"{NAME}~1") == result.patches[1].commit


def test_an_amended_message_stays_while_the_change_is_rendered_anew(
    kernel: Path, work: Path
) -> None:
    git(work, "checkout", "-q", f"{NAME}~1")
    git(work, "commit", "-q", "--amend", "-m", "mm: count\n\nFor my own reasons.")
    git(work, "cherry-pick", NAME)
    publish(work)
    run(kernel, newer(kernel))
    assert git(kernel, "log", "-1", "--format=%b", f"{NAME}~1") == "For my own reasons."
    assert lines(kernel, "kernel/fork.c", 5) == [b"/*2*/"]


def test_an_amendment_of_what_is_no_longer_rendered(kernel: Path, work: Path) -> None:
    amend_second(work)
    tip = git(kernel, "rev-parse", NAME)
    fewer = plan_at(kernel, "main", [PATCHES[0], PATCHES[2]], digest="2")
    with pytest.raises(ConflictError, match="amends vm-pinned/0002-count, which is not rendered"):
        run(kernel, fewer)
    assert git(kernel, "rev-parse", NAME) == tip


# -- history 4: conflict ---------------------------------------------------------------------------


def test_a_commit_that_conflicts_with_a_newer_rendering_is_refused(
    kernel: Path, work: Path
) -> None:
    fork = (work / "kernel/fork.c").read_bytes()
    commit(work, {"kernel/fork.c": line(5, b"/* mine */")(fork)}, "My own count")
    tip = publish(work)
    record = git(kernel, "rev-parse", f"refs/patchkit/{NAME}")
    with pytest.raises(ConflictError) as caught:
        run(kernel, newer(kernel))
    assert tip[:12] in caught.value.message
    assert "'My own count'" in caught.value.message
    assert "CONFLICT (content): Merge conflict in kernel/fork.c" in caught.value.message
    assert git(kernel, "rev-parse", NAME) == tip
    assert git(kernel, "rev-parse", f"refs/patchkit/{NAME}") == record
    assert not (kernel / ".git/patchkit/journal.json").exists()


def test_attributes_of_the_tree_cannot_merge_a_conflict_away(kernel: Path, work: Path) -> None:
    # Taken at their word, both lines would land in the file and nobody would be told.
    (kernel / ".gitattributes").write_bytes(b"* merge=union\n")
    git(kernel, "add", "--force", ".gitattributes")
    fork = (work / "kernel/fork.c").read_bytes()
    commit(work, {"kernel/fork.c": line(5, b"/* mine */")(fork)}, "My own count")
    publish(work)
    with pytest.raises(ConflictError):
        run(kernel, newer(kernel))


def test_a_fix_that_the_newer_template_brings_itself(kernel: Path, work: Path) -> None:
    fork = (work / "kernel/fork.c").read_bytes()
    commit(work, {"kernel/fork.c": line(5, b"/*2*/")(fork)}, "Fix the count")
    tip = publish(work)
    with pytest.raises(ConflictError, match="would be empty"):
        run(kernel, newer(kernel))
    assert git(kernel, "rev-parse", NAME) == tip


# -- history 5: a reverted commit ------------------------------------------------------------------


def test_a_revert_of_a_rendered_commit_stays(kernel: Path, work: Path) -> None:
    git(work, "revert", "--no-edit", f"{NAME}~2")
    tip = publish(work)
    result = run(kernel, plan_at(kernel, "main"))
    assert (result.changed, result.after) == (False, tip)
    result = run(kernel, newer(kernel))
    assert result.changed
    assert subjects(kernel)[-1] == 'Revert "mm: add the flag"'
    assert lines(kernel, "mm/mlock.c", 3, 20) == [b"/* line 03 of mlock */", b"/* the count */"]
    assert show(kernel, NAME, "mm/mpin.c") is None


# -- further histories -----------------------------------------------------------------------------


def test_a_commit_between_rendered_ones(kernel: Path, work: Path) -> None:
    git(work, "checkout", "-q", f"{NAME}~2")
    commit(work, {"README": b"between\n"}, "Between")
    git(work, "cherry-pick", f"{NAME}~2..{NAME}")
    publish(work)
    assert not run(kernel, plan_at(kernel, "main")).changed
    run(kernel, newer(kernel))
    assert subjects(kernel) == ["mm: add the flag", "Between", "mm: count", "mm: sum up"]
    assert lines(kernel, "kernel/fork.c", 5) == [b"/*2*/"]
    assert not run(kernel, newer(kernel)).changed


def test_a_dropped_commit_with_work_on_top_is_not_brought_back(kernel: Path, work: Path) -> None:
    git(work, "checkout", "-q", f"{NAME}~2")
    git(work, "cherry-pick", NAME)
    commit(work, {"README": b"mine\n"}, "Mine")
    tip = publish(work)
    for plan in (plan_at(kernel, "main"), newer(kernel)):
        with pytest.raises(ConflictError, match="vm-pinned/0002-count"):
            run(kernel, plan)
    assert git(kernel, "rev-parse", NAME) == tip


def test_a_branch_that_was_reset_is_completed(kernel: Path, work: Path) -> None:
    whole = git(kernel, "rev-parse", NAME)
    git(kernel, "update-ref", f"refs/heads/{NAME}", f"{NAME}~2")
    result = run(kernel, plan_at(kernel, "main"))
    assert (result.changed, result.after) == (True, whole)


def test_a_deleted_branch_is_made_again(kernel: Path, work: Path) -> None:
    git(kernel, "update-ref", "-d", f"refs/heads/{NAME}")
    result = run(kernel, plan_at(kernel, "main"))
    assert (result.changed, result.before) == (True, "")
    assert subjects(kernel) == ["mm: add the flag", "mm: count", "mm: sum up"]


def test_a_merge_on_the_branch(kernel: Path, work: Path) -> None:
    side = commit(kernel, {"README": b"side\n"}, "Side")
    git(work, "merge", "-q", "--no-edit", side)
    tip = publish(work)
    git(kernel, "reset", "-q", "--hard", "HEAD~1")
    assert not run(kernel, plan_at(kernel, "main")).changed
    with pytest.raises(ConflictError, match="is a merge"):
        run(kernel, newer(kernel))
    assert git(kernel, "rev-parse", NAME) == tip


def test_a_branch_that_the_user_rebased_by_hand(kernel: Path, work: Path) -> None:
    commit(work, {"kernel/mine.c": b"x\n"}, "Mine")
    commit(kernel, {"README": b"next\n"}, "Next")
    git(work, "rebase", "-q", "main")
    tip = publish(work)
    result = run(kernel, plan_at(kernel, "main"))
    assert subjects(kernel) == ["mm: add the flag", "mm: count", "mm: sum up", "Mine"]
    assert git(kernel, "rev-parse", f"{tip}^{{tree}}") == git(
        kernel, "rev-parse", f"{NAME}^{{tree}}"
    )
    assert [kept.subject for kept in result.kept] == ["Mine"]
    assert not run(kernel, plan_at(kernel, "main")).changed


def test_a_branch_on_an_unrelated_base_is_left_alone(kernel: Path, work: Path) -> None:
    git(work, "checkout", "-q", "--orphan", "island")
    git(work, "commit", "-q", "-m", "Island")
    tip = publish(work)
    with pytest.raises(ConflictError, match="no longer contains"):
        run(kernel, newer(kernel))
    assert git(kernel, "rev-parse", NAME) == tip


def test_patches_that_come_and_go_around_the_users_commits(kernel: Path, work: Path) -> None:
    commit(work, {"kernel/mine.c": b"x\n"}, "Mine")
    publish(work)
    more = plan_at(
        kernel, "main",
        [
            ("0000-prepare", message("mm: prepare"), {"README": b"prepared\n"}),
            PATCHES[0],
            PATCHES[2],
            ("0004-last", message("mm: last"), {"kernel/fork.c": line(9, b"/* last */")}),
        ],
        digest="2",
    )  # fmt: skip
    run(kernel, more)
    assert subjects(kernel) == ["mm: prepare", "mm: add the flag", "mm: sum up", "mm: last", "Mine"]
    assert not run(kernel, more).changed


def test_reordered_patches_with_the_users_work_between(kernel: Path, work: Path) -> None:
    amend_second(work)
    tip = git(kernel, "rev-parse", NAME)
    turned = [
        ("0003-sum", message("mm: sum up"), {"mm/mlock.c": SUM, "scripts/new.sh": b"#!/bin/sh\n"}),
        ("0001-flag", message("mm: add the flag"), {"mm/mlock.c": FLAG, "mm/mpin.c": b"/**/\n"}),
        PATCHES[1],
    ]
    with pytest.raises(ConflictError, match="another order"):
        run(kernel, plan_at(kernel, "main", turned, digest="2"))  # type: ignore[arg-type]
    assert git(kernel, "rev-parse", NAME) == tip


def test_the_rendering_survives_garbage_collection(kernel: Path, work: Path) -> None:
    amend_second(work)
    git(work, "checkout", "-q", "--detach", "main")
    git(kernel, "reflog", "expire", "--expire=now", "--all")
    git(kernel, "gc", "-q", "--prune=now")
    assert run(kernel, newer(kernel)).changed
    assert lines(kernel, "mm/mlock.c", 30) == [b"/* amended */"]


def test_an_old_git_says_so_instead_of_guessing(
    kernel: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from patchkit.commits.repo import Repository
    from patchkit.errors import InfrastructureError

    fork = (work / "kernel/fork.c").read_bytes()
    commit(work, {"kernel/fork.c": line(9, b"/* mine */")(fork)}, "Mine")
    tip = publish(work)
    monkeypatch.setattr(Repository, "version", lambda self: (2, 30))
    with pytest.raises(InfrastructureError, match=r"git 2\.38 or newer, found 2\.30"):
        run(kernel, newer(kernel))
    assert git(kernel, "rev-parse", NAME) == tip


def test_the_base_to_plan_on(kernel: Path, work: Path) -> None:
    base = git(kernel, "rev-parse", "main")
    own = commit(work, {"kernel/mine.c": b"x\n"}, "Mine")
    publish(work)
    assert planning_base(work, NAME) == base
    assert planning_base(work, NAME, f"{own}~2") == base
    assert planning_base(kernel, NAME, "main") == base
    ahead = commit(kernel, {"README": b"next\n"}, "Next")
    assert planning_base(kernel, NAME) == ahead
    assert planning_base(kernel, "patchkit/other") == ahead


def test_status_tells_rendered_from_own(kernel: Path, work: Path) -> None:
    own = commit(work, {"kernel/mine.c": b"x\n"}, "Mine")
    publish(work)
    found = status(kernel, NAME, {"vm-pinned/0001-flag": "0001-flag-1",
                                  "vm-pinned/0002-count": "0002-count-2"})  # fmt: skip
    assert [one.commit for one in found.commits] == [own]
    assert [one.condition for one in found.patches] == ["rendered"] * 3
    assert [one.moved_on for one in found.patches] == [False, True, True]
    assert found.base == git(kernel, "rev-parse", "main")
    assert not status(kernel, NAME).moved_on

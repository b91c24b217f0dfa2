# SPDX-License-Identifier: GPL-2.0-only
"""apply: what ends up on the branch, from every kind of repository, and what is left alone."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from commit_helpers import FILES, PATCHES, commit, git, line, message, plan_at, show, write

from patchkit.commits.transaction import ApplyRequest, ApplyResult, apply
from patchkit.errors import ConflictError, TemplateError, TreeError, UserError
from patchkit.series.model import FileChange, PatchPlan, Plan

BRANCH = "refs/heads/patchkit/vm-pinned"


def run(where: Path, base: str = "HEAD", **options: object) -> ApplyResult:
    commit_id = git(where, "rev-parse", base)
    plan = options.pop("plan", None) or plan_at(where, commit_id)
    return apply(ApplyRequest(where, commit_id, plan, **options))  # type: ignore[arg-type]


def snapshot(root: Path) -> dict[str, tuple[bytes, int]]:
    """Every byte and mode of a work tree, and of its index."""
    found = {}
    for directory, names, files in os.walk(root):
        if ".git" in names:
            names.remove(".git")
        for name in files:
            path = Path(directory) / name
            found[str(path)] = (path.read_bytes(), path.stat().st_mtime_ns)
    index = root / ".git" / "index"
    found["index"] = (index.read_bytes(), index.stat().st_mtime_ns)
    found["stash"] = (git(root, "stash", "list").encode(), 0)
    found["HEAD"] = (git(root, "rev-parse", "HEAD").encode() + git(
        root, "rev-parse", "--symbolic-full-name", "HEAD").encode(), 0)  # fmt: skip
    return found


def test_a_plan_becomes_one_commit_a_patch(kernel: Path) -> None:
    result = run(kernel)
    assert result.changed
    assert result.ref == BRANCH
    assert result.before == ""
    assert result.after == git(kernel, "rev-parse", BRANCH)
    assert [patch.commit for patch in result.patches] == git(
        kernel, "rev-list", "--reverse", f"HEAD..{BRANCH}"
    ).split()
    assert (
        git(kernel, "log", "--reverse", "--format=%s|%an|%ae|%cn|%b", f"HEAD..{BRANCH}").split(
            "\n"
        )[0]
        == "mm: add the flag|Ursula Tester|ursula@example.org|Ursula Tester|Because it has to be."
    )
    assert show(kernel, BRANCH, "mm/mpin.c") == b"/* new */\n"
    assert git(kernel, "ls-tree", BRANCH, "scripts/").split()[0] == "100755"
    assert "Signed-off-by" not in git(kernel, "log", "--format=%B", f"HEAD..{BRANCH}")
    git(kernel, "fsck", "--strict", "--full")


def test_git_makes_the_same_tree_from_the_same_files(kernel: Path) -> None:
    run(kernel)
    git(kernel, "read-tree", "--index-output", str(kernel / ".git/other"), BRANCH)
    os.environ["GIT_INDEX_FILE"] = str(kernel / ".git/other")
    try:
        assert git(kernel, "write-tree") == git(kernel, "rev-parse", f"{BRANCH}^{{tree}}")
    finally:
        del os.environ["GIT_INDEX_FILE"]


def test_applying_twice_changes_nothing(kernel: Path) -> None:
    first = run(kernel)
    record = git(kernel, "rev-parse", "refs/patchkit/patchkit/vm-pinned")
    second = run(kernel)
    assert not second.changed
    assert second.after == first.after == git(kernel, "rev-parse", BRANCH)
    assert second.patches == first.patches
    assert git(kernel, "rev-parse", "refs/patchkit/patchkit/vm-pinned") == record


def test_reflog_says_what_was_done(kernel: Path) -> None:
    run(kernel)
    assert "patchkit apply: vm-pinned on " in git(kernel, "reflog", "show", BRANCH)


def test_a_dirty_work_tree_is_neither_used_nor_touched(kernel: Path) -> None:
    write(kernel, {"kernel/fork.c": b"stashed\n"})
    git(kernel, "stash")
    write(kernel, {"mm/mlock.c": b"my edit\n", "mm/mpin.c": b"mine\n", "README": b"staged\n"})
    git(kernel, "add", "README")
    before = snapshot(kernel)
    run(kernel)
    assert snapshot(kernel) == before
    assert show(kernel, BRANCH, "README") == FILES["README"]
    assert b"the flag" in (show(kernel, BRANCH, "mm/mlock.c") or b"")


def test_detached_head(kernel: Path) -> None:
    git(kernel, "checkout", "-q", "--detach")
    assert run(kernel).changed
    assert git(kernel, "rev-parse", "--symbolic-full-name", "HEAD") == "HEAD"


def test_linked_work_tree_and_directory_below(kernel: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(kernel, "worktree", "add", "-q", str(linked))
    assert run(linked).changed
    assert git(kernel, "rev-parse", BRANCH)
    assert not run(kernel).changed
    assert not (linked / "mm/mpin.c").exists()


def test_bare_repository(kernel: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(kernel, "clone", "-q", "--bare", "--shared", str(kernel), str(bare))
    assert run(bare).changed
    assert git(bare, "rev-parse", BRANCH)
    assert "patchkit apply" in git(bare, "reflog", "show", BRANCH)
    assert git(kernel, "for-each-ref", BRANCH) == ""


def test_shallow_clone(kernel: Path, tmp_path: Path) -> None:
    commit(kernel, {"README": b"two\n"}, "Two")
    shallow = tmp_path / "shallow"
    git(kernel, "clone", "-q", "--depth=1", f"file://{kernel}", str(shallow))
    assert run(shallow).changed
    assert not run(shallow).changed
    git(shallow, "fsck", "--strict")


def test_packed_repository(kernel: Path) -> None:
    first = run(kernel)
    git(kernel, "gc", "-q", "--prune=now")
    git(kernel, "pack-refs", "--all")
    assert not run(kernel).changed
    newer = [*PATCHES[:2], ("0003-sum", message("mm: sum up"), {"README": b"other\n"})]
    base = git(kernel, "rev-parse", "HEAD")
    second = run(kernel, plan=plan_at(kernel, base, newer, digest="2"))
    assert second.changed
    assert [one.commit for one in second.patches][:2] == [one.commit for one in first.patches][:2]


def test_an_unfinished_rebase_elsewhere_does_not_matter(kernel: Path) -> None:
    commit(kernel, {"README": b"two\n"}, "Two")
    git(kernel, "-c", "sequence.editor=sed -i s/pick/break/", "rebase", "-i", "HEAD~1", check=False)
    assert (kernel / ".git/rebase-merge").is_dir()
    before = snapshot(kernel)
    assert run(kernel).changed
    assert snapshot(kernel) == before


@pytest.mark.parametrize(
    "name",
    ["-h", "--output=x", "a\nb", "", " ", "a..b", "a b", "HEAD", "refs/heads/x", "x.lock", "a~1"],
)
def test_branch_names_that_git_or_a_shell_would_misread(kernel: Path, name: str) -> None:
    request = ApplyRequest(kernel, git(kernel, "rev-parse", "HEAD"), plan_at(kernel, "HEAD"), name)
    if name == "":
        assert apply(request).ref == BRANCH
        return
    with pytest.raises(UserError, match="cannot be the name of a branch"):
        apply(request)
    assert git(kernel, "for-each-ref") == git(kernel, "for-each-ref", "refs/heads/main")


@pytest.mark.parametrize("revision", ["--output=/tmp/x", "-h", "HEAD\n", "nothing"])
def test_revisions_that_could_be_options(kernel: Path, revision: str) -> None:
    with pytest.raises(TreeError):
        apply(ApplyRequest(kernel, revision, plan_at(kernel, "HEAD")))


def test_nothing_that_the_repository_configures_is_run(kernel: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    script = tmp_path / "sing"
    script.write_text(f"#!/bin/sh\ntouch {canary}\ncat\n")
    script.chmod(0o755)
    for hook in ("reference-transaction", "post-checkout", "pre-commit", "post-index-change",
                 "commit-msg", "update"):  # fmt: skip
        (kernel / ".git/hooks").mkdir(exist_ok=True)
        (kernel / ".git/hooks" / hook).symlink_to(script)
    for name in ("core.fsmonitor", "filter.canary.clean", "diff.external", "core.pager",
                 "merge.canary.driver", "gpg.program", "core.editor"):  # fmt: skip
        git(kernel, "config", name, str(script))
    base = git(kernel, "rev-parse", "HEAD")
    canary.unlink(missing_ok=True)
    run(kernel, sign_off=True)
    newer = [*PATCHES[:2], ("0003-sum", message("mm: sum up"), {"README": b"other\n"})]
    assert run(kernel, plan=plan_at(kernel, base, newer, digest="2")).range_diff
    assert not canary.exists()


def test_variables_of_a_calling_hook_do_not_redirect(
    kernel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    git(tmp_path, "init", "-q", str(other))
    base = git(kernel, "rev-parse", "HEAD")
    plan = plan_at(kernel, base)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / "index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / "objects"))
    result = apply(ApplyRequest(kernel, base, plan))
    monkeypatch.undo()
    assert (kernel / ".git" / BRANCH).read_text().strip() == result.after
    assert not (other / ".git" / BRANCH).exists()


def test_sign_off_is_the_users_and_last(kernel: Path) -> None:
    run(kernel, sign_off=True)
    body = git(kernel, "log", "-1", "--format=%B", BRANCH).rstrip("\n").split("\n")
    assert body[-1] == "Signed-off-by: Ursula Tester <ursula@example.org>"
    assert body[-2] == "Link: https://example.org/r/1"


def test_without_an_identity_the_error_has_the_two_commands(
    kernel: Path, _own_git_configuration: Path
) -> None:
    _own_git_configuration.write_text("")
    with pytest.raises(UserError) as caught:
        run(kernel)
    assert caught.value.hint.count("git config --global user.") == 2
    assert git(kernel, "for-each-ref", "refs/heads/patchkit", "refs/patchkit") == ""


def test_identity_from_the_environment(
    kernel: Path, _own_git_configuration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _own_git_configuration.write_text("")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", f"Émile {role}")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "emile@example.org")
    run(kernel)
    assert git(kernel, "log", "-1", "--format=%an|%cn", BRANCH) == "Émile AUTHOR|Émile COMMITTER"


def test_a_plan_with_a_conflict_writes_nothing(kernel: Path) -> None:
    good = plan_at(kernel, "HEAD").patches[0]
    bad = PatchPlan("vm-pinned", "0002-x", "mm: x", "mm: x\n", "conflict", conflict="no mlock")
    objects = sorted((kernel / ".git/objects").rglob("*"))
    with pytest.raises(ConflictError, match="vm-pinned/0002-x"):
        run(kernel, plan=Plan("test", (good, bad)))
    assert sorted((kernel / ".git/objects").rglob("*")) == objects


def test_nothing_to_do_makes_no_branch(kernel: Path) -> None:
    there = PatchPlan("vm-pinned", "0001-x", "mm: x", "mm: x\n", "present")
    result = run(kernel, plan=Plan("test", (there,)))
    assert (result.changed, result.ref, result.after) == (False, "", "")
    assert git(kernel, "for-each-ref", "refs/heads/patchkit", "refs/patchkit") == ""


def test_a_plan_of_another_tree_is_refused(kernel: Path) -> None:
    plan = plan_at(kernel, "HEAD")
    other = commit(kernel, {"mm/mlock.c": b"something else\n"}, "Other")
    with pytest.raises(ConflictError, match=r"mm/mlock\.c is not what the plan was made on"):
        run(kernel, other, plan=plan)
    assert git(kernel, "for-each-ref", "refs/heads/patchkit") == ""


def one_change(change: FileChange) -> Plan:
    return Plan(
        "test",
        (PatchPlan("s", "0001-x", "mm: x", "mm: x\n", "apply", changes=(change,), digest="1"),),
    )


@pytest.mark.parametrize(
    ("path", "mode"),
    [
        ("../evil", 0o100644), ("/etc/passwd", 0o100644), (".git/hooks/post-checkout", 0o100755),
        ("mm/.GIT/config", 0o100644), ("mm/.git./config", 0o100644), ("git~1/config", 0o100644),
        ("mm/.g\u200cit/config", 0o100644), ("mm//x", 0o100644), ("mm/./x", 0o100644),
        ("mm/../x", 0o100644), ("mm/x\0", 0o100644), ("mm/x\ny", 0o100644), ("mm\\x", 0o100644),
        ("mm/x/", 0o100644), ("", 0o100644), (".", 0o100644), ("-rf", 0o100644),
        ("mm/\x1b[31m", 0o100644), ("mm/x ", 0o100644), (".git::$INDEX_ALLOCATION/x", 0o100644),
        ("mm/link", 0o120000), ("mm/sub", 0o160000), ("mm/suid", 0o104755), ("mm/w", 0o100666),
        ("mm/dir", 0o040000), ("MM/x", 0o100644), ("mm/MLOCK.C", 0o100644), ("mm/x\"y", 0o100644),
    ],
)  # fmt: skip
def test_paths_and_modes_out_of_bounds(kernel: Path, path: str, mode: int) -> None:
    with pytest.raises(TemplateError):
        run(kernel, plan=one_change(FileChange(path, None, b"x\n", mode)))
    assert git(kernel, "for-each-ref", "refs/heads/patchkit", "refs/heads/s") == ""


def test_nothing_is_written_through_a_symbolic_link(kernel: Path, tmp_path: Path) -> None:
    (kernel / "arch").symlink_to(tmp_path)
    (kernel / "table").symlink_to("README")
    git(kernel, "add", "--force", "arch", "table")
    git(kernel, "commit", "-qm", "Links")
    for path in ("arch/x.c", "table"):
        with pytest.raises(ConflictError, match="a symbolic link"):
            run(kernel, plan=one_change(FileChange(path, None, b"x\n")))


@pytest.mark.parametrize(
    "content",
    [b"caf\xe9\n", b"dos\r\nline\r\n", b"no end", b"form\x0cfeed\n", b"", b"nul\0byte\n", b"\r"],
)
def test_bytes_are_kept_as_they_are(kernel: Path, content: bytes) -> None:
    edited = content + b"more" if content else b"was empty\n"
    plan = plan_at(
        kernel, "HEAD",
        [
            ("0001-a", message("mm: a"), {"mm/odd.c": content}),
            ("0002-b", message("mm: b"), {"mm/odd.c": edited}),
            ("0003-c", message("mm: c"), {"mm/odd.c": None}),
        ],
    )  # fmt: skip
    result = run(kernel, plan=plan)
    commits = [patch.commit for patch in result.patches]
    assert [show(kernel, one, "mm/odd.c") for one in commits] == [content, edited, None]


def test_deleting_the_last_file_of_a_directory(kernel: Path) -> None:
    plan = plan_at(kernel, "HEAD", [("0001-a", message("mm: a"), {"mm/mlock.c": None})])
    run(kernel, plan=plan)
    assert git(kernel, "ls-tree", "--name-only", BRANCH, "mm") == ""
    git(kernel, "fsck", "--strict")


def test_a_branch_of_the_users_is_left_alone(kernel: Path) -> None:
    git(kernel, "branch", "patchkit/vm-pinned")
    commit(kernel, {"README": b"x\n"}, "Mine")
    tip = git(kernel, "rev-parse", BRANCH)
    with pytest.raises(UserError, match="does not hold this rendering"):
        run(kernel)
    assert git(kernel, "rev-parse", BRANCH) == tip


def test_a_fetched_branch_without_record_is_recognised(kernel: Path, tmp_path: Path) -> None:
    first = run(kernel)
    clone = tmp_path / "clone"
    git(kernel, "clone", "-q", str(kernel), str(clone))
    git(clone, "branch", "-q", "patchkit/vm-pinned", "origin/patchkit/vm-pinned")
    result = run(clone)
    assert (result.changed, result.after) == (False, first.after)
    assert git(clone, "rev-parse", "refs/patchkit/patchkit/vm-pinned")


def test_a_branch_that_moves_meanwhile_wins(kernel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from patchkit.commits import transaction
    from patchkit.commits.repo import StaleRefError

    original = transaction.write_record
    head = git(kernel, "rev-parse", "HEAD")

    def meanwhile(*arguments: object) -> str:
        git(kernel, "update-ref", BRANCH, head)
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(transaction, "write_record", meanwhile)
    with pytest.raises(StaleRefError):
        run(kernel)
    assert git(kernel, "rev-parse", BRANCH) == head
    assert git(kernel, "for-each-ref", "refs/patchkit") == ""
    assert not (kernel / ".git/patchkit/journal.json").exists()


@pytest.mark.parametrize("in_the_way", ["patchkit", "patchkit/vm-pinned/mine"])
def test_a_branch_name_in_the_way(kernel: Path, in_the_way: str) -> None:
    git(kernel, "branch", in_the_way)
    with pytest.raises(UserError, match="git cannot move it, and nothing was changed"):
        run(kernel)
    assert git(kernel, "for-each-ref", "refs/patchkit") == ""
    assert not (kernel / ".git/patchkit/journal.json").exists()
    assert run(kernel, branch="other").changed


def test_moving_a_branch_that_is_checked_out_is_refused(kernel: Path, tmp_path: Path) -> None:
    first = run(kernel)
    linked = tmp_path / "linked"
    git(kernel, "worktree", "add", "-q", str(linked), "patchkit/vm-pinned")
    base = git(kernel, "rev-parse", "HEAD")
    newer = plan_at(kernel, base, [*PATCHES[:2]], digest="2")
    with pytest.raises(UserError, match=f"checked out .* {linked}"):
        run(kernel, plan=newer)
    assert git(kernel, "rev-parse", BRANCH) == first.after
    assert not run(kernel).changed
    git(linked, "checkout", "-q", "--detach")
    assert run(kernel, plan=newer).changed


def test_a_plan_made_on_the_branch_itself(kernel: Path) -> None:
    first = run(kernel)
    there = Plan("test", tuple(
        PatchPlan("vm-pinned", one.id, one.subject, "", "present") for one in first.patches
    ))  # fmt: skip
    result = run(kernel, BRANCH, plan=there)
    assert (result.changed, result.after) == (False, first.after)
    more = plan_at(kernel, BRANCH, [("0004-x", message("mm: x"), {"README": b"x\n"})])
    with pytest.raises(UserError, match=r"a commit of patchkit/vm-pinned itself"):
        run(kernel, BRANCH, plan=more)


def children_of(parent: int) -> set[tuple[str, str]]:
    """Return the names and numbers of a process's children, as proc(5) has them."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = status.read_text().partition("(")[2].rpartition(")")
            if int(rest.split()[1]) == parent:
                found.add((name, status.parent.name))
    return found


def test_no_child_and_no_descriptor_stays(kernel: Path) -> None:
    run(kernel)
    before = len(list(Path("/proc/self/fd").iterdir()))
    children = children_of(os.getpid())  # other tests of this process may have left some
    for _ in range(5):
        run(kernel)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert children_of(os.getpid()) <= children


def test_only_what_changed_is_committed_anew(kernel: Path) -> None:
    first = run(kernel)
    base = git(kernel, "rev-parse", "HEAD")
    newer = [*PATCHES[:2], ("0003-sum", message("mm: sum up"), {"mm/mlock.c": line(37, b"/* */")})]
    second = run(kernel, plan=plan_at(kernel, base, newer, digest="2"))
    old, new = ([one.commit for one in result.patches] for result in (first, second))
    assert old[:2] == new[:2]
    assert old[2] != new[2]
    assert "mm: sum up" in second.range_diff


def test_templates_that_render_the_same_move_only_the_record(kernel: Path) -> None:
    first = run(kernel)
    base = git(kernel, "rev-parse", "HEAD")
    record = git(kernel, "rev-parse", "refs/patchkit/patchkit/vm-pinned")
    second = run(kernel, plan=plan_at(kernel, base, digest="2"))
    assert (second.changed, second.after) == (False, first.after)
    assert git(kernel, "rev-parse", "refs/patchkit/patchkit/vm-pinned") != record

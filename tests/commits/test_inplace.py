# SPDX-License-Identifier: GPL-2.0-only
"""apply --in-place: a plain directory is as before or complete, and nothing outside is touched."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

import pytest
from commit_helpers import FILES, PATCHES, message, plan_on, write

from patchkit.commits import inplace
from patchkit.commits.inplace import InPlaceRequest, apply_in_place, undo_in_place
from patchkit.commits.lock import HeldError, held
from patchkit.errors import ConflictError, TemplateError, TreeError, UserError
from patchkit.series.model import FileChange, PatchPlan, Plan

MORE = [
    *PATCHES,
    ("0004-x", message("mm: x"), {"kernel/fork.c": None, "a/b/c.c": b"x\n", "README": b"\xff\r\n"}),
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "linux-6.12"
    root.mkdir()
    write(root, FILES)
    (root / "mm/mlock.c").chmod(0o640)
    return root


def plan_of(root: Path) -> Plan:
    def read(path: str) -> bytes | None:
        return (root / path).read_bytes() if (root / path).is_file() else None

    return plan_on(read, MORE)  # type: ignore[arg-type]


def snapshot(root: Path) -> dict[str, tuple[bytes, int] | None]:
    return {
        str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mode & 0o777)
        if path.is_file() else None
        for path in root.rglob("*") if ".patchkit" not in path.parts
    }  # fmt: skip


def complete(root: Path) -> dict[str, tuple[bytes, int] | None]:
    """Apply, look, and return what it looks like."""
    apply_in_place(InPlaceRequest(root, plan_of(root)))
    return snapshot(root)


def test_files_are_edited_made_and_deleted(tree: Path) -> None:
    result = apply_in_place(InPlaceRequest(tree, plan_of(tree)))
    assert result.changed
    assert b"the flag" in (tree / "mm/mlock.c").read_bytes()
    assert (tree / "mm/mlock.c").stat().st_mode & 0o777 == 0o640
    assert (tree / "scripts/new.sh").stat().st_mode & 0o111
    assert not (tree / "kernel/fork.c").exists()
    assert (tree / "a/b/c.c").read_bytes() == b"x\n"
    assert (tree / "README").read_bytes() == b"\xff\r\n"
    present = Plan("t", tuple(
        PatchPlan("vm-pinned", id, "", "", "present") for id, _, _ in MORE))  # fmt: skip
    assert not apply_in_place(InPlaceRequest(tree, present)).changed


def test_undo_gives_every_byte_and_mode_back(tree: Path) -> None:
    before = snapshot(tree)
    assert complete(tree) != before
    undo_in_place(tree)
    assert snapshot(tree) == before
    with pytest.raises(UserError, match="there is no apply --in-place to undo"):
        undo_in_place(tree)


def test_undo_after_edits_changes_nothing(tree: Path) -> None:
    complete(tree)
    (tree / "mm/mlock.c").write_bytes(b"my later work\n")
    before = snapshot(tree)
    with pytest.raises(ConflictError, match=r"mm/mlock\.c changed since patchkit wrote it"):
        undo_in_place(tree)
    assert snapshot(tree) == before


def killed(step: int, call: object) -> bool:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.environ["PATCHKIT_FAIL_AT"] = str(step)
            call()  # type: ignore[operator]
            status = 0
        finally:
            os._exit(status)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, -signal.SIGKILL)
    return code != 0


def test_killed_after_each_step_the_next_run_starts_from_the_old_state(tree: Path) -> None:
    old = snapshot(tree)
    plan = plan_of(tree)
    step = 0
    while True:
        step += 1
        finished = not killed(step, lambda: apply_in_place(InPlaceRequest(tree, plan)))
        if finished:
            break
        journal = inplace._read_journal(tree)
        if journal is not None and journal.state == "done":
            undo_in_place(tree)
            assert snapshot(tree) == old
            continue
        empty = apply_in_place(InPlaceRequest(tree, Plan("t", ())))
        assert empty.recovered == (journal is not None)
        assert snapshot(tree) == old
    # Lock, journal, six files, done.
    assert step - 1 == 9
    new = snapshot(tree)
    assert new != old
    # Undo dies as often, and comes to the old state in the end.
    for step in range(1, 12):
        if not killed(step, lambda: undo_in_place(tree)):
            break
        if inplace._read_journal(tree) is not None:
            undo_in_place(tree)
        assert snapshot(tree) == old
        apply_in_place(InPlaceRequest(tree, plan))
        assert snapshot(tree) == new
    # Lock, six files, journal away.
    assert step - 1 == 8


def test_a_disk_that_fills_up_midway(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshot(tree)
    original = inplace._replace

    def replace(directory: object, number: int, file: object) -> None:
        if number == 3:
            raise OSError(errno.ENOSPC, "No space left on device", "x")
        original(directory, number, file)  # type: ignore[arg-type]

    monkeypatch.setattr(inplace, "_replace", replace)
    with pytest.raises(TreeError, match="all files are as before"):
        apply_in_place(InPlaceRequest(tree, plan_of(tree)))
    assert snapshot(tree) == before


def test_a_file_that_changed_since_the_plan(tree: Path) -> None:
    plan = plan_of(tree)
    (tree / "README").write_bytes(b"edited\n")
    before = snapshot(tree)
    with pytest.raises(ConflictError, match="README is not what the plan was made on"):
        apply_in_place(InPlaceRequest(tree, plan))
    assert snapshot(tree) == before
    assert not (tree / ".patchkit").exists()


@pytest.mark.parametrize("link", ["mm", "mm/mlock.c"])
def test_links_are_not_followed(tree: Path, tmp_path: Path, link: str) -> None:
    plan = plan_of(tree)
    outside = tmp_path / "outside"
    (tree / link).rename(outside)
    (tree / link).symlink_to(outside)
    before = (outside / "mlock.c" if link == "mm" else outside).read_bytes()
    with pytest.raises(ConflictError):
        apply_in_place(InPlaceRequest(tree, plan))
    assert (outside / "mlock.c" if link == "mm" else outside).read_bytes() == before
    assert not (outside / "mpin.c").exists()


@pytest.mark.parametrize("path", ["../x", "/tmp/x", ".git/config", "a/../../x", "-x"])
def test_paths_out_of_bounds(tree: Path, path: str) -> None:
    change = FileChange(path, None, b"x\n")
    plan = Plan("t", (PatchPlan("s", "1", "mm: x", "mm: x\n", "apply", changes=(change,)),))
    with pytest.raises(TemplateError):
        apply_in_place(InPlaceRequest(tree, plan))
    assert not (tree / ".patchkit").exists()


def test_a_fifo_does_not_hang(tree: Path) -> None:
    plan = plan_of(tree)
    (tree / "README").unlink()
    os.mkfifo(tree / "README")
    with pytest.raises(ConflictError, match="README"):
        apply_in_place(InPlaceRequest(tree, plan))


def test_hard_links_to_other_trees_keep_their_content(tree: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.c"
    os.link(tree / "mm/mlock.c", other)
    complete(tree)
    assert other.read_bytes() == FILES["mm/mlock.c"]


def test_one_at_a_time(tree: Path) -> None:
    with held(tree / ".patchkit", tree), pytest.raises(HeldError):
        apply_in_place(InPlaceRequest(tree, plan_of(tree)))


def test_a_git_work_tree_gets_commits_instead(tree: Path) -> None:
    (tree / ".git").mkdir()
    with pytest.raises(UserError, match="is a git work tree"):
        apply_in_place(InPlaceRequest(tree, plan_of(tree)))


def test_patches_that_do_not_follow_from_each_other(tree: Path) -> None:
    one = FileChange("README", FILES["README"], b"one\n")
    two = FileChange("README", b"not one\n", b"two\n")
    plan = Plan("t", tuple(
        PatchPlan("s", name, "mm: x", "mm: x\n", "apply", changes=(change,))
        for name, change in (("1", one), ("2", two))
    ))  # fmt: skip
    with pytest.raises(TemplateError, match="README does not follow the patch before"):
        apply_in_place(InPlaceRequest(tree, plan))


def test_forgetting_leaves_only_the_tree(tree: Path) -> None:
    new = complete(tree)
    inplace.forget(tree)
    assert not (tree / ".patchkit").exists()
    assert snapshot(tree) == new

# SPDX-License-Identifier: GPL-2.0-only
"""patchkit.build.source: the files of a commit, and only what changed is written again."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from patchkit.build.source import materialise, slot_directory
from patchkit.errors import InfrastructureError, TreeError


def git(where: Path, *words: str) -> str:
    env = {
        **os.environ,
        "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }  # fmt: skip
    done = subprocess.run(["git", "-C", where, *words], env=env, check=True, capture_output=True)
    return done.stdout.decode().strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits: `one`, and `two`, which edits b, deletes c, adds d/e and turns s around."""
    where = tmp_path / "linux"
    where.mkdir()
    git(where, "init", "-q", "-b", "main")
    (where / "a").write_bytes(b"same\n")
    (where / "b").write_bytes(b"first\n")
    (where / "c").write_bytes(b"goes\r\n")
    (where / "x.sh").write_bytes(b"#!/bin/sh\n")
    (where / "x.sh").chmod(0o755)
    (where / "s").symlink_to("a")
    git(where, "add", "-A")
    git(where, "commit", "-qm", "one")
    git(where, "tag", "one")
    (where / "b").write_bytes(b"second\n")
    (where / "c").unlink()
    (where / "d").mkdir()
    (where / "d" / "e").write_bytes(b"new\n")
    git(where, "add", "-A")
    git(where, "commit", "-qm", "two")
    git(where, "tag", "two")
    return where


def files(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): (
            b"-> " + os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
        )
        for path in sorted(root.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


ONE = {"a": b"same\n", "b": b"first\n", "c": b"goes\r\n", "s": b"-> a", "x.sh": b"#!/bin/sh\n"}
TWO = {"a": b"same\n", "b": b"second\n", "d/e": b"new\n", "s": b"-> a", "x.sh": b"#!/bin/sh\n"}


def test_files_are_those_of_the_commit(repository: Path, tmp_path: Path) -> None:
    with materialise(repository, "one", cache=tmp_path / "cache") as source:
        assert files(source.path) == ONE
        assert os.access(source.path / "x.sh", os.X_OK)
        assert source.commit == git(repository, "rev-parse", "one")
        assert source.tree_id == git(repository, "rev-parse", "one^{tree}")
        assert source.written == len(ONE)
        assert not (source.path / ".git").exists()


def test_only_what_differs_gets_a_new_time_stamp(repository: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with materialise(repository, "one", cache=cache):
        pass
    with materialise(repository, "two", cache=cache) as source:
        assert files(source.path) == TWO
        assert source.written == 3
        before = {name: (source.path / name).stat().st_mtime_ns for name in ("a", "b", "x.sh")}
    with materialise(repository, "one", cache=cache) as source:
        assert files(source.path) == ONE
        after = {name: (source.path / name).stat().st_mtime_ns for name in ("a", "b", "x.sh")}
    assert after["a"] == before["a"]
    assert after["x.sh"] == before["x.sh"]
    assert after["b"] != before["b"]


def test_the_same_again_writes_nothing(repository: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with materialise(repository, "two", cache=cache) as source:
        before = {name: (source.path / name).lstat().st_mtime_ns for name in TWO}
    with materialise(repository, "two", cache=cache) as source:
        assert source.written == 0
        assert {name: (source.path / name).lstat().st_mtime_ns for name in TWO} == before


def test_what_others_left_in_the_slot_is_put_right(repository: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with materialise(repository, "one", cache=cache) as source:
        (source.path / "a").write_bytes(b"edited by hand\n")
        (source.path / "b").unlink()
        (source.path / "built.o").write_bytes(b"\0")
        (source.path / ".gitignore").write_bytes(b"*\n")
    with materialise(repository, "one", cache=cache) as source:
        assert files(source.path) == ONE


def test_bare_shallow_and_linked_work_trees(repository: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(repository), str(bare))
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repository}", str(shallow))
    linked = tmp_path / "linked"
    git(repository, "worktree", "add", "-q", str(linked), "one")
    borrowing = tmp_path / "borrowing"
    git(tmp_path, "clone", "-q", "--shared", str(repository), str(borrowing))
    cache = tmp_path / "cache"
    for where, revision, expected in (
        (bare, "two", TWO), (shallow, "HEAD", TWO), (linked, "HEAD", ONE), (borrowing, "HEAD", TWO),
    ):  # fmt: skip
        with materialise(where, revision, cache=cache) as source:
            assert files(source.path) == expected
    # One object store, one slot: the linked work tree shares that of its repository.
    assert slot_directory(linked, cache) == slot_directory(repository, cache)


def test_the_repository_is_not_touched(repository: Path, tmp_path: Path) -> None:
    def state() -> dict[str, tuple[int, int]]:
        return {
            str(path): (path.lstat().st_mtime_ns, path.lstat().st_size)
            for path in repository.rglob("*")
        }

    before = state()
    with materialise(repository, "one", cache=tmp_path / "cache"):
        assert state() == before
    assert state() == before
    assert len(git(repository, "worktree", "list").splitlines()) == 1


def test_settings_of_the_repository_have_no_say(repository: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    hooks = repository / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-checkout", "post-index-change", "fsmonitor-watchman"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {canary}\n")
        (hooks / name).chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(hooks / "fsmonitor-watchman"))
    git(repository, "config", "core.sparseCheckout", "true")
    git(repository, "config", "core.autocrlf", "true")
    git(repository, "config", "filter.evil.smudge", f"touch {canary}; cat")
    info = repository / ".git" / "info"
    info.mkdir(exist_ok=True)
    (info / "sparse-checkout").write_text("a\n")
    (info / "attributes").write_text("* filter=evil\n")
    with materialise(repository, "two", cache=tmp_path / "cache") as source:
        assert files(source.path) == TWO
    assert not canary.exists()


def test_a_git_command_around_us_has_no_say(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    with materialise(repository, "one", cache=tmp_path / "cache") as source:
        assert files(source.path) == ONE


@pytest.mark.parametrize("revision", ["three", "", "--output=/tmp/x", "-h", "one\ntwo", "one:a"])
def test_no_such_revision(repository: Path, tmp_path: Path, revision: str) -> None:
    with (
        pytest.raises(TreeError, match="no commit"),
        materialise(repository, revision, cache=tmp_path / "cache"),
    ):
        pass


def test_not_a_repository(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(TreeError, match="plain"), materialise(tmp_path / "plain", "HEAD"):
        pass


def test_a_slot_in_use_names_its_holder(repository: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with (
        materialise(repository, "one", cache=cache),
        pytest.raises(InfrastructureError, match=f"process {os.getpid()}"),
        materialise(repository, "two", cache=cache),
    ):
        pass
    with materialise(repository, "two", cache=cache) as source:
        assert files(source.path) == TWO


def test_interrupted_first_time(repository: Path, tmp_path: Path) -> None:
    """What a kill leaves (half a git directory, an index lock, some files) is no obstacle."""
    cache = tmp_path / "cache"
    slot = slot_directory(repository, cache)
    (slot / "git").mkdir(parents=True)
    (slot / "git" / "HEAD").write_text("")
    (slot / "tree").mkdir()
    (slot / "tree" / "junk").write_text("junk")
    with materialise(repository, "one", cache=cache) as source:
        assert files(source.path) == ONE
    (slot / "git" / "index").unlink()
    (slot / "git" / "index.lock").write_text("")
    (slot / "tree" / "a").write_text("half")
    with materialise(repository, "one", cache=cache) as source:
        assert files(source.path) == ONE


def test_missing_objects_are_an_error(repository: Path, tmp_path: Path) -> None:
    blob = git(repository, "rev-parse", "two:d/e")
    (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with (
        pytest.raises(TreeError, match=r"cannot write the files"),
        materialise(repository, "two", cache=tmp_path / "cache"),
    ):
        pass


def test_no_room_is_said_before_anything_is_written(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 0

    monkeypatch.setattr("patchkit.build.source.shutil.disk_usage", lambda path: Usage)
    with (
        pytest.raises(InfrastructureError, match="are free"),
        materialise(repository, "one", cache=tmp_path / "cache"),
    ):
        pass
    assert files(slot_directory(repository, tmp_path / "cache") / "tree") == {}


def test_progress_ends(repository: Path, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int | None]] = []
    with materialise(
        repository, "one", cache=tmp_path / "cache",
        progress=lambda stage, done, total, detail: seen.append((stage, done, total)),
    ):  # fmt: skip
        pass
    assert seen[0] == ("source", 0, None)
    assert seen[-1] == ("source", 1, 1)

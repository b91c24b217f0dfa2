# SPDX-License-Identifier: GPL-2.0-only
"""Trees: the same answers from git, from a directory and through an overlay."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from patchkit.errors import TreeError
from patchkit.tree.git import ObjectReader, command, parse_tree
from patchkit.tree.source import (
    DIRECTORY,
    EXECUTABLE,
    REGULAR,
    SYMLINK,
    DirectoryTree,
    GitTree,
    OverlayTree,
    Tree,
    clean_path,
    compute_blob_id,
)

FILES = {
    "Makefile": b"all:\n",
    "mm/mlock.c": b"int mlock;\n",
    "mm/mlock/empty.c": b"",
    "mm/latin.c": b"/* caf\xe9 */\r\n",
    "include/linux/mm.h": b"#define VM_LOCKED 1",
}


def git(where: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(where), "-c", "user.name=T", "-c", "user.email=t@example.org", *words],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "linux"
    for path, data in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    (root / "run.sh").write_bytes(b"#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.c").write_bytes(b"secret")
    (root / "link.c").symlink_to("mm/mlock.c")
    (root / "away").symlink_to(outside)
    git(root.parent, "init", "-q", str(root))
    git(root, "add", "-A", "-f")
    git(root, "commit", "-q", "-m", "one")
    return root


def bare(checkout: Path) -> GitTree:
    target = checkout.parent / "bare.git"
    git(checkout.parent, "clone", "-q", "--bare", str(checkout), str(target))
    return GitTree(target)


def shallow(checkout: Path) -> GitTree:
    target = checkout.parent / "shallow"
    git(checkout.parent, "clone", "-q", "--depth=1", f"file://{checkout}", str(target))
    return GitTree(target)


def linked(checkout: Path) -> GitTree:
    target = checkout.parent / "linked"
    git(checkout, "worktree", "add", "-q", str(target))
    return GitTree(target)


def overlay(checkout: Path) -> OverlayTree:
    lacking = OverlayTree(DirectoryTree(checkout), {"mm/mlock.c": None, "mm/latin.c": b"other"})
    return OverlayTree(lacking, {name: FILES[name] for name in ("mm/mlock.c", "mm/latin.c")})


OPENERS: list[Callable[[Path], Tree]] = [GitTree, bare, shallow, linked, DirectoryTree, overlay]


@pytest.mark.parametrize("opener", OPENERS, ids=lambda opener: opener.__name__)
def test_every_tree_gives_the_same_answers(checkout: Path, opener: Callable[[Path], Tree]) -> None:
    tree = opener(checkout)
    expected = sorted([*FILES, "run.sh", "link.c", "away"])
    assert list(tree.list()) == expected
    assert list(tree.list("mm")) == ["mm/latin.c", "mm/mlock.c", "mm/mlock/empty.c"]
    assert list(tree.list("mm/")) == list(tree.list("mm"))
    assert list(tree.list("mm/mlock.c")) == ["mm/mlock.c"]
    assert list(tree.list("nothing")) == []
    for path, data in FILES.items():
        assert tree.read(path) == data
        assert tree.mode(path) == REGULAR
        assert tree.blob_id(path) == compute_blob_id(data)
    assert tree.mode("run.sh") == EXECUTABLE
    assert tree.mode("mm") == DIRECTORY
    assert tree.read("mm") is None and tree.blob_id("mm") is None


@pytest.mark.parametrize("opener", OPENERS, ids=lambda opener: opener.__name__)
def test_links_are_never_followed(checkout: Path, opener: Callable[[Path], Tree]) -> None:
    tree = opener(checkout)
    for link, target in (("link.c", "mm/mlock.c"), ("away", str(checkout.parent / "outside"))):
        assert tree.mode(link) == SYMLINK
        assert tree.read(link) is None
        assert tree.blob_id(link) == compute_blob_id(os.fsencode(target))
    assert tree.read("away/secret.c") is None
    assert tree.mode("away/secret.c") is None
    assert tree.blob_id("away/secret.c") is None


@pytest.mark.parametrize("opener", [GitTree, DirectoryTree], ids=lambda opener: opener.__name__)
@pytest.mark.parametrize(
    "path",
    ["", "/", "/etc/passwd", "..", "../outside/secret.c", "mm/../Makefile", "mm//mlock.c", "./mm",
     "mm/.", ".git/config", ".GIT/config", "mm/.git/x", "a\0b", "mm/mlock.c/x", "x" * 300,
     "mm/mlock.c\n", "--help", "HEAD:mm/mlock.c"],
)  # fmt: skip
def test_what_is_no_path_is_absent(
    checkout: Path, opener: Callable[[Path], Tree], path: str
) -> None:
    tree = opener(checkout)
    assert tree.read(path) is None
    assert tree.mode(path) is None
    assert tree.blob_id(path) is None


def test_clean_path_splits_what_is_one() -> None:
    assert clean_path("mm/mlock.c") == ("mm", "mlock.c")
    assert clean_path(".gitignore") == (".gitignore",)


def test_a_git_tree_ignores_work_tree_and_index(checkout: Path) -> None:
    (checkout / "mm/mlock.c").write_bytes(b"changed")
    (checkout / "staged.c").write_bytes(b"staged")
    git(checkout, "add", "staged.c")
    tree = GitTree(checkout)
    assert tree.read("mm/mlock.c") == FILES["mm/mlock.c"]
    assert tree.read("staged.c") is None
    assert tree.commit == git(checkout, "rev-parse", "HEAD")
    assert tree.tree_id == git(checkout, "rev-parse", "HEAD^{tree}")


def test_names_that_are_not_utf_8_survive(checkout: Path) -> None:
    name = os.fsdecode(b"caf\xe9.c")
    (checkout / name).write_bytes(b"x")
    git(checkout, "add", "-A")
    git(checkout, "commit", "-q", "-m", "two")
    for tree in (GitTree(checkout), DirectoryTree(checkout)):
        assert name in list(tree.list())
        assert tree.read(name) == b"x"


@pytest.mark.parametrize(
    "revision", ["nothing", "--output=/tmp/x", "-h", "a\nb", "HEAD^{tree}", "", "HEAD:mm/mlock.c"]
)
def test_a_revision_that_is_no_commit_is_refused_and_named(checkout: Path, revision: str) -> None:
    with pytest.raises(TreeError, match="expected a commit") as caught:
        GitTree(checkout, revision)
    assert repr(revision) in caught.value.message


def test_a_subdirectory_is_no_repository(checkout: Path, tmp_path: Path) -> None:
    for path in (checkout / "mm", tmp_path / "outside"):
        with pytest.raises(TreeError, match="expected a git repository"):
            GitTree(path)
    with pytest.raises(TreeError, match="no such directory"):
        GitTree(tmp_path / "nowhere")
    with pytest.raises(TreeError, match="expected a directory"):
        DirectoryTree(tmp_path / "nowhere")


def test_nothing_that_the_repository_configures_runs(checkout: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {canary}\n")
    script.chmod(0o755)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        (hooks / hook).symlink_to(script)
    for key in ("core.fsmonitor", "core.pager", "core.sshCommand", "core.gitProxy"):
        git(checkout, "config", key, str(script))
    git(checkout, "config", "core.hooksPath", str(hooks))
    with GitTree(checkout) as tree:
        assert list(tree.list())
        assert tree.read("Makefile") == FILES["Makefile"]
    assert not canary.exists()


def test_variables_of_a_calling_hook_do_not_redirect(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    git(tmp_path, "init", "-q", str(other))
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git/objects"))
    with GitTree(checkout) as tree:
        assert tree.read("Makefile") == FILES["Makefile"]
    argv = command(checkout, "status", keep=("GIT_DIR",))
    assert argv[:3] == ["env", "-u", "GIT_OBJECT_DIRECTORY"]


def children() -> set[str]:
    pid = os.getpid()
    return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def test_the_git_child_ends_with_the_tree(checkout: Path) -> None:
    before, descriptors = children(), len(list(Path("/proc/self/fd").iterdir()))
    tree = GitTree(checkout)
    tree.read("Makefile")
    assert len(children() - before) == 1
    tree.close()
    assert children() == before
    assert tree.read("mm/mlock.c") == FILES["mm/mlock.c"]  # opens again
    del tree  # without close
    assert children() == before
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


def test_a_missing_object_is_an_error_that_names_it(checkout: Path) -> None:
    with ObjectReader(checkout) as reader, pytest.raises(TreeError, match="f" * 40):
        reader.read("f" * 40)


def test_raw_trees_of_sha256_repositories_parse() -> None:
    raw = b"100644 a\0" + bytes(32) + b"40000 b\0" + bytes(range(32))
    assert [(name, mode) for name, mode, _ in parse_tree(raw, 32)] == [
        ("a", 0o100644), ("b", 0o40000)
    ]  # fmt: skip


def test_an_overlay_adds_edits_and_deletes(checkout: Path) -> None:
    tree = OverlayTree(
        GitTree(checkout),
        {"mm/mpin.c": b"new", "mm/mlock.c": None, "run.sh": b"edited", "new/dir/x.sh": b"y"},
        {"new/dir/x.sh": EXECUTABLE},
    )
    assert tree.read("mm/mlock.c") is None and tree.mode("mm/mlock.c") is None
    assert tree.blob_id("mm/mlock.c") is None
    assert tree.read("mm/mpin.c") == b"new" and tree.mode("mm/mpin.c") == REGULAR
    assert tree.mode("run.sh") == EXECUTABLE
    assert tree.mode("new/dir/x.sh") == EXECUTABLE
    assert tree.mode("new/dir") == DIRECTORY
    assert list(tree.list("mm")) == ["mm/latin.c", "mm/mlock/empty.c", "mm/mpin.c"]
    assert tree.blob_id("mm/mpin.c") == compute_blob_id(b"new")
    assert tree.name == str(checkout)


@pytest.mark.real
@pytest.mark.parametrize("version", ["5.10", "7.2"])
def test_a_real_tree_lists_and_reads_all(real_tree: Callable[[str], GitTree], version: str) -> None:
    tree = real_tree(version)
    flat = git(tree.repository, "ls-tree", "-r", "-z", "--name-only", tree.commit).split("\0")
    assert list(tree.list()) == [name for name in flat if name]
    data = tree.read("mm/mlock.c")
    assert data is not None and compute_blob_id(data) == tree.blob_id("mm/mlock.c")

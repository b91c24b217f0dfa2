# SPDX-License-Identifier: GPL-2.0-only
"""The search finds every file that names a word, wherever the tree is kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import lint_fakes as fakes
import pytest

from patchkit import process
from patchkit.lint import scope
from patchkit.lint.scope import Place
from patchkit.lint.worktree import WorkTree
from patchkit.tree.source import DirectoryTree, GitTree, OverlayTree, Tree

WORDS = (b"locked_vm", b"RLIMIT_MEMLOCK")
OUTSIDE = ("tools/", "Documentation")
NAME = os.fsdecode(b"mm/n\xe9.c")
"""No UTF-8."""
FILES: dict[str, str | bytes] = {
    "mm/a.c": "mm->locked_vm++;\n",
    "mm/b.c": "nothing\n",
    "mm/deep/er/c.h": "\n\nif (x > RLIMIT_MEMLOCK)\n",
    "mm/binary.o": b"\0\1\2user_locked_vm\0",
    "mm/crlf.c": b"a\r\nlocked_vm\r\n",
    "mm/latin\xe9.c": "locked_vm",
    NAME: "locked_vm",
    "tools/t.c": "locked_vm",
    "Documentation/d.rst": "locked_vm",
    "drivers/tools/e.c": "locked_vm",
    ".gitignore": "*\n",
    ".gitattributes": "*.c binary -diff\n",
}
EXPECTED = (
    "drivers/tools/e.c", "mm/a.c", "mm/binary.o", "mm/crlf.c", "mm/deep/er/c.h", "mm/latiné.c",
    NAME,
)  # fmt: skip


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return fakes.repository(tmp_path / "linux", FILES)


def found(tree: Tree) -> tuple[str, ...]:
    return scope.search(tree, WORDS, OUTSIDE)


def test_find_mentions() -> None:
    data = b"locked_vm\n// xlocked_vm_locked_vm\nRLIMIT_MEMLOCK"
    assert scope.find_mentions(data, WORDS) == (
        Place(0, 9, 1), Place(14, 23, 2), Place(24, 33, 2), Place(34, 48, 3),
    )  # fmt: skip
    assert scope.find_mentions(b"", WORDS) == ()
    assert scope.find_mentions(data, ()) == ()
    assert scope.find_mentions(b"abcd", (b"ab", b"abc")) == (Place(0, 3, 1),)


@pytest.mark.parametrize(
    "open_tree",
    [GitTree, WorkTree, DirectoryTree, lambda root: OverlayTree(GitTree(root), {})],
    ids=["revision", "checkout", "directory", "overlay"],
)
def test_every_kind_of_tree(checkout: Path, open_tree: Callable[[Path], Tree]) -> None:
    assert found(open_tree(checkout)) == EXPECTED
    assert found(open_tree(checkout)) == EXPECTED  # from what was kept


def test_plain_directory_and_bare_repository(checkout: Path, tmp_path: Path) -> None:
    fakes.git(tmp_path, "clone", "-q", "--bare", str(checkout), "bare.git")
    assert found(GitTree(tmp_path / "bare.git")) == EXPECTED
    fakes.write(tmp_path / "plain", FILES)
    assert found(DirectoryTree(tmp_path / "plain")) == EXPECTED


def test_any_tree(checkout: Path) -> None:
    class Odd:
        """A tree of a kind that the search does not know."""

        name = "odd"
        read = GitTree(checkout).read
        mode = GitTree(checkout).mode
        blob_id = GitTree(checkout).blob_id
        list = GitTree(checkout).list

    assert found(Odd()) == EXPECTED
    assert scope.identity(Odd()) is None


def test_links_are_not_followed(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.c").write_text("locked_vm")
    (checkout / "mm/link.c").symlink_to(tmp_path / "outside.c")
    (checkout / "mm/loop").symlink_to("..")
    fakes.commit(checkout)
    for tree in (GitTree(checkout), WorkTree(checkout), DirectoryTree(checkout)):
        assert found(tree) == EXPECTED


def test_the_next_revision_is_searched_where_it_differs(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(GitTree(checkout)) == EXPECTED
    (checkout / "mm/a.c").write_text("gone\n")
    (checkout / "mm/crlf.c").unlink()
    (checkout / "mm/new.c").write_text("locked_vm\n")
    fakes.commit(checkout)
    monkeypatch.setattr(scope._Search, "_grep_objects", None)
    expected = {*EXPECTED, "mm/new.c"} - {"mm/a.c", "mm/crlf.c"}
    assert found(GitTree(checkout)) == tuple(sorted(expected))
    assert found(GitTree(checkout, "HEAD^")) == EXPECTED


def test_revisions_far_apart_are_searched_afresh(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(GitTree(checkout)) == EXPECTED
    (checkout / "mm/new.c").write_text("locked_vm\n")
    fakes.commit(checkout)
    monkeypatch.setattr(scope, "NEARBY", 0)
    assert found(GitTree(checkout)) == tuple(sorted((*EXPECTED, "mm/new.c")))


def test_a_checkout_is_what_is_on_disk(checkout: Path) -> None:
    (checkout / "mm/a.c").write_text("gone\n")
    (checkout / "mm/b.c").write_text("locked_vm\n")
    (checkout / "mm/crlf.c").unlink()
    (checkout / "mm/staged.c").write_text("locked_vm\n")
    (checkout / "mm/untracked.c").write_text("locked_vm\n")
    (checkout / "mm/deep/er/c.h").unlink()
    (checkout / "mm/deep/er/c.h").symlink_to("../../b.c")
    fakes.git(checkout, "add", "-f", "mm/staged.c")
    tree = WorkTree(checkout)
    expected = ("drivers/tools/e.c", "mm/b.c", "mm/binary.o", "mm/latiné.c", NAME, "mm/staged.c")
    assert found(tree) == expected
    assert tree.read("mm/b.c") == b"locked_vm\n"
    assert tree.read("mm/crlf.c") is None
    assert tree.read("mm/deep/er/c.h") is None
    # HEAD was not searched itself, and what is kept of it is right all the same.
    assert found(GitTree(checkout)) == EXPECTED
    assert found(WorkTree(checkout)) == expected


def test_unchanged_files_are_read_from_disk_and_are_those_of_head(checkout: Path) -> None:
    tree = WorkTree(checkout)
    assert tree.read("mm/a.c") == b"mm->locked_vm++;\n"
    assert tree.read("mm") is None
    assert tree.read("none") is None
    (checkout / "mm/b.c").write_text("changed behind our back\n")
    assert tree.read("mm/b.c") == b"nothing\n"


def test_a_sparse_checkout(checkout: Path) -> None:
    fakes.git(checkout, "sparse-checkout", "set", "--no-cone", "/drivers/")
    assert not (checkout / "mm").exists()
    assert found(WorkTree(checkout)) == EXPECTED


def test_filters_of_the_repository_do_not_run(checkout: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    for kind in ("clean", "smudge", "process"):
        fakes.git(checkout, "config", f"filter.evil.{kind}", f"touch {trap}; cat")
    (checkout / ".gitattributes").write_text("* filter=evil\n")
    (checkout / "mm/a.c").write_text("mm->locked_vm--;\n")
    os.utime(checkout / "mm/crlf.c")
    assert found(WorkTree(checkout)) == EXPECTED
    assert found(DirectoryTree(checkout)) == EXPECTED
    assert not trap.exists()


def test_a_worktree_configured_elsewhere_is_not_looked_at(checkout: Path, tmp_path: Path) -> None:
    fakes.write(tmp_path / "elsewhere", {"mm/a.c": "secret\n"})
    fakes.git(checkout, "config", "core.worktree", str(tmp_path / "elsewhere"))
    assert WorkTree(checkout).changes == {}


def test_identity(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clean = scope.identity(WorkTree(checkout))
    assert clean == scope.identity(GitTree(checkout)) == GitTree(checkout).tree_id
    (checkout / "mm/b.c").write_text("other\n")
    changed = scope.identity(WorkTree(checkout))
    assert changed not in (clean, None)
    (checkout / "mm/b.c").unlink()
    assert scope.identity(WorkTree(checkout)) not in (clean, changed, None)
    monkeypatch.setattr(scope, "RACY_SECONDS", float("inf"))
    assert scope.identity(DirectoryTree(checkout)) is None  # changed a moment ago
    monkeypatch.setattr(scope, "RACY_SECONDS", float("-inf"))
    stamp = scope.identity(DirectoryTree(checkout))
    assert stamp is not None
    assert stamp == scope.identity(DirectoryTree(checkout))
    (checkout / "mm/a.c").write_text("longer than it was before\n")
    assert scope.identity(DirectoryTree(checkout)) not in (stamp, None)


def test_no_words() -> None:
    assert scope.search(OverlayTree(DirectoryTree(Path("/")), {}), ()) == ()


def test_failure_of_git_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.c").write_text("locked_vm")
    monkeypatch.setattr(
        scope, "command", lambda *words: ["sh", "-c", "echo broken >&2; exit 128", *map(str, words)]
    )
    with pytest.raises(process.ProgramFailed, match="broken"):
        found(DirectoryTree(tmp_path))


def test_mentions(checkout: Path) -> None:
    assert scope.mentions(GitTree(checkout), WORDS, OUTSIDE)["mm/crlf.c"] == (Place(3, 12, 2),)

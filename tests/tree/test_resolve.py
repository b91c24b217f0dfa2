# SPDX-License-Identifier: GPL-2.0-only
"""What the user may type after --tree."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from patchkit.errors import TreeError, UserError
from patchkit.tree import resolve
from patchkit.tree.source import DirectoryTree, GitTree
from patchkit.tree.store import list_trees


@pytest.fixture
def fixtures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "kernel-tree-fixtures"
    (root / "6.12" / "mm").mkdir(parents=True)
    (root / "6.12" / "mm" / "mlock.c").write_text("int mlock;\n")
    monkeypatch.setattr(resolve, "data_directory", lambda _: root)
    return root


def test_a_fixture_becomes_a_repository_keyed_by_content(fixtures: Path) -> None:
    first = resolve.fixture("fixture:6.12")
    tree = resolve.open_tree("fixture:6.12")
    assert isinstance(tree, GitTree)
    assert tree.name == "fixture:6.12"
    assert tree.read("mm/mlock.c") == b"int mlock;\n"
    (fixtures / "6.12" / "mm" / "mlock.c").write_text("int other;\n")
    second = resolve.fixture("fixture:6.12")
    assert second != first
    assert resolve.open_tree("fixture:6.12").read("mm/mlock.c") == b"int other;\n"
    (fixtures / "6.12" / "mm" / "mlock.c").write_text("int mlock;\n")
    assert resolve.fixture("fixture:6.12") == first
    assert len(list_trees()) == 2


def test_an_unknown_fixture_is_answered_with_those_that_exist(fixtures: Path) -> None:
    with pytest.raises(TreeError, match=r"6\.12"):
        resolve.open_tree("fixture:1.0")
    with pytest.raises(TreeError):
        resolve.open_tree("fixture:../6.12")


def test_paths(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "Makefile").write_text("a\n")
    tree = resolve.open_tree(str(tmp_path / "plain"))
    assert isinstance(tree, DirectoryTree)
    assert tree.read("Makefile") == b"a\n"
    with pytest.raises(UserError, match="not a git repository"):
        resolve.open_tree(str(tmp_path / "plain"), "HEAD")
    with pytest.raises(TreeError, match="no such directory"):
        resolve.open_tree(str(tmp_path / "absent"))


def test_a_checkout_is_read_at_a_revision(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "-C", tmp_path, *identity, *words], check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    for text in ("one\n", "two\n"):
        (tmp_path / "Makefile").write_text(text)
        git("add", "Makefile")
        git("commit", "-qm", text)
    (tmp_path / "Makefile").write_text("dirty\n")
    assert resolve.open_tree(str(tmp_path)).read("Makefile") == b"two\n"
    assert resolve.open_tree(str(tmp_path), "HEAD~1").read("Makefile") == b"one\n"

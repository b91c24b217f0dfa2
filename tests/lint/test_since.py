# SPDX-License-Identifier: GPL-2.0-only
"""What a change introduced is a difference of multisets, by fingerprint and over renames."""

from __future__ import annotations

from pathlib import Path

import lint_fakes as fakes
import pytest
from lint_fakes import finding

from patchkit.errors import TreeError, UserError
from patchkit.lint import since
from patchkit.lint.model import Step
from patchkit.lint.worktree import WorkTree
from patchkit.tree.source import DirectoryTree, GitTree


def test_one_more_of_the_same_is_new() -> None:
    now = [finding("a", line=1), finding("a", line=7), finding("b")]
    assert since.new_findings(now, [finding("a", line=3), finding("b")]) == (now[1],)
    assert since.new_findings(now, now) == ()
    assert since.new_findings(now, []) == tuple(now)
    assert since.new_findings([], now) == ()


def test_the_one_that_reads_otherwise_is_the_new_one() -> None:
    old = finding("a", line=9, path=(Step("mm/a.c", 9, "at the end"),))
    new = finding("a", line=3, path=(Step("mm/a.c", 3, "at the start"),))
    assert since.new_findings([new, old], [finding("a", line=7, path=old.path)]) == (new,)


def test_renamed_files_keep_their_findings() -> None:
    now, before = finding("a", file="mm/new.c"), finding("a", file="mm/old.c")
    assert since.new_findings([now], [before], {"mm/old.c": "mm/new.c"}) == ()
    assert since.new_findings([now], [before]) == (now,)


def test_difference(tmp_path: Path) -> None:
    text = "".join(f"line {number}\n" for number in range(30))
    root = fakes.repository(tmp_path / "r", {"a.c": "a\n", "b.c": text, "c.c": "c\n", "d.c": "d\n"})
    (root / "a.c").write_text("aa\n")
    (root / "b.c").rename(root / "e.c")
    fakes.commit(root)
    (root / "c.c").unlink()
    (root / "a.c").write_text("a\n")
    tree = WorkTree(root)
    found = since.difference(tree, since.earlier(tree, "HEAD^"))
    assert found.changed == ("b.c", "c.c", "e.c")  # a.c is again as it was
    assert found.renamed == {"b.c": "e.c"}
    head = GitTree(root)
    assert since.difference(head, since.earlier(head, "HEAD^")).changed == ("a.c", "b.c", "e.c")
    assert since.difference(head, since.earlier(head, "HEAD")).changed == ()


def test_no_repository_no_revision(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a git repository") as error:
        since.earlier(DirectoryTree(tmp_path), "HEAD")
    assert "--baseline" in error.value.hint
    root = fakes.repository(tmp_path / "r", {"a.c": "a\n"})
    with pytest.raises(TreeError, match="none named 'nowhere'"):
        since.earlier(GitTree(root), "nowhere")

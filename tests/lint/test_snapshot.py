# SPDX-License-Identifier: GPL-2.0-only
"""A tree that differs little from the one before is analysed as an edit, and the result is that of
an analysis from scratch."""

from __future__ import annotations

import os
from pathlib import Path

import lint_fakes as fakes
import pytest

from patchkit.lint.analysis import FunctionPaths
from patchkit.lint.ir import Function
from patchkit.lint.ledger_example import BALANCED
from patchkit.lint.program import Program
from patchkit.lint.session import LintReport, LintRequest, lint
from patchkit.lint.single import analyse
from patchkit.lint.worktree import WorkTree
from patchkit.lint.world import View
from patchkit.tree.source import Tree

OTHER = """\
#include "mm.h"

int other_charge(struct mm_struct *mm, unsigned long n)
{
	mm->locked_vm += n;
	return 0;
}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return fakes.repository(tmp_path / "linux", {"drivers/a.c": BALANCED, "drivers/b.c": OTHER})


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list to which the name of each function goes that is executed."""
    names: list[str] = []

    def counted(function: Function, types: Program, view: View) -> FunctionPaths:
        names.append(function.name)
        return analyse(function, types, view)

    monkeypatch.setattr("patchkit.lint.analysis.analyse", counted)
    return names


def run(tree: Tree) -> LintReport:
    return lint(LintRequest(tree))


def from_scratch(tree: Tree, monkeypatch: pytest.MonkeyPatch, empty: Path) -> LintReport:
    with monkeypatch.context() as patch:
        patch.setenv("PATCHKIT_CACHE", str(empty))
        return run(tree)


def edit(root: Path, old: str, new: str) -> WorkTree:
    path = root / "drivers/a.c"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return WorkTree(root)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\tkvfree(buffer->pages);\n\tkfree(buffer);\n}", "\tkfree(buffer);\n}"),
        ("uncharge:\n\tatomic64_sub(nr_pages, &mm->pinned_vm);\n", "uncharge:\n"),
        ("atomic64_sub(nr_pages, &buffer->mm", "atomic64_sub(1 + nr_pages, &buffer->mm"),
        ("size_t length;", "unsigned char length;"),
    ],
)
def test_an_edit_of_what_was_kept(
    root: Path,
    looked_at: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    old: str,
    new: str,
) -> None:
    run(WorkTree(root))
    everything = set(looked_at)
    looked_at.clear()
    tree = edit(root, old, new)
    report = run(tree)
    assert not report.cached
    assert looked_at and "other_charge" in everything - set(looked_at)
    assert report.findings == from_scratch(tree, monkeypatch, tmp_path / "empty").findings
    looked_at.clear()
    fakes.commit(root)
    assert run(WorkTree(root)).findings == report.findings
    assert "other_charge" not in looked_at


def test_what_takes_an_account_away_is_analysed_from_scratch(
    root: Path, looked_at: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run(WorkTree(root))
    looked_at.clear()
    tree = edit(root, "\tatomic64_sub(nr_pages, &buffer->mm->pinned_vm);\n", "")
    report = run(tree)
    assert "other_charge" in looked_at
    assert report.findings == from_scratch(tree, monkeypatch, tmp_path / "empty").findings


def test_what_cannot_be_read_is_not_there(root: Path, looked_at: list[str]) -> None:
    run(WorkTree(root))
    (kept,) = (Path(os.environ["PATCHKIT_CACHE"]) / "lint" / "analyses").iterdir()
    kept.write_bytes(kept.read_bytes()[:1000])
    looked_at.clear()
    run(edit(root, "return buffer;", "return  buffer;"))
    assert "other_charge" in looked_at


def test_what_is_nested_too_deeply_is_not_kept(
    root: Path, looked_at: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_deep(self: object, value: object) -> None:
        raise RecursionError

    with monkeypatch.context() as patch:
        patch.setattr("patchkit.lint.snapshot._Pickler.persistent_id", too_deep)
        run(WorkTree(root))
    looked_at.clear()
    run(edit(root, "return buffer;", "return  buffer;"))
    assert "other_charge" in looked_at

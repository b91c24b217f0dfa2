# SPDX-License-Identifier: GPL-2.0-only
"""On the real kernels each mention is accounted for, and nothing is left out."""

from __future__ import annotations

import pytest
from lint_trees import BY_TREE
from mutants.engine import session_of

from patchkit.lint.counters import load_counters
from patchkit.lint.session import LintRequest, lint
from patchkit.tree.git import git
from patchkit.tree.source import GitTree


def counted(tree: GitTree) -> int:
    """Count what grep finds; nothing of the lint is used."""
    counters = load_counters()
    words = ["grep", "-a", "-o", "-h", "-F", "--no-color"]
    for word in counters.words:
        words += ["-e", word]
    excluded = [f":(top,exclude){name}" for name in counters.outside]
    return git(tree.repository, *words, tree.commit, "--", ":(top)", *excluded).count(b"\n")


@pytest.mark.real
@pytest.mark.parametrize("version", BY_TREE)
def test_every_mention_is_accounted_for(version: str) -> None:
    tree = session_of(version).tree
    assert isinstance(tree, GitTree)
    coverage = lint(LintRequest(tree)).coverage
    missed = coverage.not_analysed
    assert coverage.mentions == coverage.analysed + coverage.elsewhere + len(missed)
    assert coverage.mentions == counted(tree) > 100
    assert coverage.analysed > coverage.elsewhere
    assert [f"{item.file}:{item.line} {item.function}: {item.why}" for item in missed] == []

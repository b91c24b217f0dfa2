# SPDX-License-Identifier: GPL-2.0-only
"""What our own series add to a small tree is found right by the lint."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from patchkit.lint.model import Report
from patchkit.lint.session import LintRequest, lint
from patchkit.paths import data_directory
from patchkit.series.plan import plan
from patchkit.tree.source import DirectoryTree

pytestmark = pytest.mark.slow


def linted(root: Path) -> Report:
    return lint(LintRequest(DirectoryTree(root)))


def test_the_series_make_no_finding(tmp_path: Path) -> None:
    root = tmp_path / "6.12"
    shutil.copytree(data_directory("kernel-tree-fixtures") / "6.12", root)
    before = Counter(each.fingerprint for each in linted(root).findings)
    made = plan(DirectoryTree(root), ["vm-pinned", "mpin"])
    for patch in made.patches:
        for change in patch.changes:
            (root / change.path).parent.mkdir(parents=True, exist_ok=True)
            (root / change.path).write_bytes(change.new or b"")
    assert (root / "mm/mpin.c").is_file()
    report = linted(root)
    new = [
        f"{each.file}:{each.line} {each.rule}: {each.message}"
        for each in report.findings
        if each.fingerprint not in before
    ]
    assert new == []
    assert report.coverage.not_analysed == ()

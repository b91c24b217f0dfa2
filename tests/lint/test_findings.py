# SPDX-License-Identifier: GPL-2.0-only
"""docs/findings.md judges what the lint says of the real kernels: all of it, and nothing else."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from pathlib import Path

import pytest
from lint_trees import BY_TREE, VERSIONS
from mutants.corpus import READ
from mutants.engine import session_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "findings.md"
ROW = re.compile(r"^\| ([\d.]+) \| .* \| `([0-9a-f]{12})` \|$", re.MULTILINE)
SUMMARY = re.compile(r"^\| ([\d.]+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)


def listed(version: str) -> Counter[str]:
    """Return the fingerprints, their beginnings, that the page lists for a tree."""
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    return Counter(fingerprint for tree, fingerprint in rows if tree == version)


def test_the_summary_counts_what_is_listed() -> None:
    rows = {row[0]: [int(each) for each in row[1:]] for row in SUMMARY.findall(PAGE.read_text())}
    assert tuple(rows) == VERSIONS
    for version, (number, *verdicts) in rows.items():
        assert number == sum(verdicts) == listed(version).total()
    wrong = sum(row[3] + row[4] for row in rows.values())
    assert wrong * 10 <= sum(row[0] for row in rows.values())


def test_every_verdict_was_read_a_second_time() -> None:
    text = PAGE.read_text(encoding="utf-8")
    sections = [
        each for each in re.split(r"^#{2,3} ", text, flags=re.MULTILINE) if ROW.search(each)
    ]
    assert len(sections) > 10
    for section in sections:
        assert "**Second reading.**" in section, section.splitlines()[0]


@pytest.mark.real
@pytest.mark.parametrize("version", BY_TREE)
def test_each_finding_is_judged(version: str) -> None:
    session = session_of(version)
    found = Counter(each.fingerprint[:12] for each in session.base)
    known = listed(version)
    if session.tree.tree_id in READ:
        assert found == known
        return
    warnings.warn(f"{session.tree.name}: nobody has read {found - known}", stacklevel=1)
    assert (found - known).total() * 5 <= known.total()
    assert (known - found).total() * 5 <= known.total()

# SPDX-License-Identifier: GPL-2.0-only
"""Defects of a kind that Linux has had, and edits that are none, in the real trees."""

from __future__ import annotations

import warnings

import pytest
from lint_trees import BY_TREE
from mutants.cases import Case, as_mutant, cases
from mutants.corpus import READ, open_tree
from mutants.engine import session_of
from mutants.model import VERSIONS, Mutant
from mutants.run import Result, lint_one

KNOWN_MISSES: frozenset[str] = frozenset()
"""Cases on which the lint is wrong today: to shrink, never to grow. All 23 defects are seen, and
none of the 8 harmless edits changes a finding."""


def test_the_cases_are_what_they_are_said_to_be() -> None:
    found = cases()
    assert len({case.id for case in found}) == len(found) == 31
    assert sum(case.benign for case in found) == 8
    levels = [case.difficulty for case in found]
    assert {level: levels.count(level) for level in set(levels)} == {
        "easy": 9, "medium": 10, "hard": 4, "none": 8,
    }  # fmt: skip
    assert {case.tree for case in found} <= set(VERSIONS)


def fits(case: Case) -> bool:
    """Tell whether a case is for this tree: for those that it was made of, and most later ones."""
    try:
        as_mutant(case)
    except ValueError as error:
        with open_tree(case.tree) as tree:
            if tree.tree_id in READ:
                raise
        warnings.warn(f"newer sources: {error}", stacklevel=2)
        return False
    return True


@pytest.mark.real
@pytest.mark.parametrize("version", BY_TREE)
def test_each_case_is_seen_and_nothing_harmless_is(version: str) -> None:
    chosen = [case for case in cases() if case.tree == version]
    results: dict[str, Result] = {}
    session = session_of(version)
    for case in chosen:
        if fits(case):
            results[case.id] = lint_one(session, as_mutant(case))
    missed = {name for name, result in results.items() if not result.good}
    assert missed == results.keys() & KNOWN_MISSES


@pytest.mark.real
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_the_text_of_each_case_is_there_once(case: Case) -> None:
    if not fits(case):
        return
    mutant: Mutant = as_mutant(case)
    with open_tree(case.tree) as tree:
        data = tree.read(case.file)
    assert data is not None
    assert mutant.apply(data) != data

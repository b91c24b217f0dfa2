# SPDX-License-Identifier: GPL-2.0-only
"""mpin uses PF_MEMALLOC_PIN where the tree has it: its own, or that of pf-memalloc-pin."""

from __future__ import annotations

import pytest

from patchkit.paths import data_directory
from patchkit.series.model import Plan
from patchkit.series.plan import plan
from patchkit.tree.source import DirectoryTree, OverlayTree, Tree

pytestmark = pytest.mark.slow

ZONES = {
    "0010-mm-rmap-let-pinned-memory-leave-zone_movable",
    "0017-selftests-mpin-look-where-pinned-memory-is",
    "0023-docs-mm-say-where-pinned-memory-is",
}


def fixture(era: str) -> Tree:
    return DirectoryTree(data_directory("kernel-tree-fixtures") / era)


def after(tree: Tree, made: Plan) -> OverlayTree:
    assert not made.conflicts, [patch.conflict for patch in made.conflicts]
    changes = [change for patch in made.patches for change in patch.changes]
    return OverlayTree(tree, {change.path: change.new for change in changes})


def zone_states(made: Plan) -> set[str]:
    return {patch.state for patch in made.patches if patch.id in ZONES}


def test_a_tree_that_has_the_scope_gets_it_all() -> None:
    assert zone_states(plan(fixture("6.12"), ["mpin"])) == {"apply"}


def test_whichever_series_comes_first_the_result_is_the_same() -> None:
    tree = fixture("5.10")
    alone = plan(tree, ["mpin"])
    assert zone_states(alone) == {"superseded"}

    together = plan(tree, ["mpin", "pf-memalloc-pin"])
    assert zone_states(together) == {"apply"}
    names = [patch.series for patch in together.patches]
    assert names.index("pf-memalloc-pin") < names.index("mpin")

    first = after(tree, alone)
    second = after(first, plan(first, ["pf-memalloc-pin"]))
    later = plan(second, ["mpin"])
    assert {patch.id for patch in later.changed} == ZONES
    third = after(second, later)
    whole = after(tree, together)
    for path in whole.changes:
        assert third.read(path) == whole.read(path), path

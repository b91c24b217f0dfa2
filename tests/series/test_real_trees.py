# SPDX-License-Identifier: GPL-2.0-only
"""Matching and editing on all of mm/ of real kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from series_support import MemoryTree

from patchkit.errors import ConflictError
from patchkit.series.apply import hunk_edits
from patchkit.series.index import index
from patchkit.series.layout import apply_edits, line_start
from patchkit.series.model import PatchPlan
from patchkit.series.plan import plan
from patchkit.series.semantic import Hunk, Line, Mark, Origin
from patchkit.tree.source import GitTree, OverlayTree, Tree

VERSIONS = ("5.10", "6.1", "6.12", "7.2")
ORIGIN = Origin("t", 1)


def hunk(name: str, lines: list[tuple[Mark, bytes]], condition: str = "") -> Hunk:
    marked = tuple(Line(mark, text, ORIGIN) for mark, text in lines)
    return Hunk("function", name, condition, "in", marked, ORIGIN, f"@@ function {name} @@")


@pytest.mark.real
@pytest.mark.parametrize("version", VERSIONS)
def test_every_function_replaced_by_itself_gives_the_same_file(
    version: str, real_tree: Callable[[str], GitTree]
) -> None:
    """By whole functions, and by the middle line of each, which may be there more than once.

    Every third function of a tree; most are in all trees, at different places in the order.
    """
    tree = real_tree(version)
    number = functions = unique = 0
    for path in tree.list("mm"):
        if not path.endswith(".c"):
            continue
        data = tree.read(path)
        assert data is not None
        for extent in index(data).entities:
            if extent.kind != "function" or len(index(data).find("function", extent.name)) > 1:
                continue  # both branches of an #if may well be the same words
            number += 1
            if number % 3:
                continue
            start = line_start(data, extent.start)
            lines = data[start : extent.end].split(b"\n")
            functions += 1
            whole: list[tuple[Mark, bytes]] = [("-", line) for line in lines]
            whole += [("+", line) for line in lines]
            edits = hunk_edits(hunk(extent.name, whole), data, path, MemoryTree({}))
            assert apply_edits(data, edits) == data, (path, extent.name)
            middle = lines[len(lines) // 2]
            if not middle.strip(b" \t*/{}"):
                continue
            try:
                one = hunk(extent.name, [("-", middle), ("+", middle)])
                edits = hunk_edits(one, data, path, MemoryTree({}))
            except ConflictError:
                continue
            unique += 1
            assert apply_edits(data, edits) == data, (path, extent.name, middle)
    assert functions > 700 and unique > functions // 2


SERIES = ("vm-pinned", "mpin")


def tree_after(tree: Tree, patches: Sequence[PatchPlan]) -> OverlayTree:
    changes = [change for patch in patches for change in patch.changes]
    return OverlayTree(
        tree,
        {change.path: change.new for change in changes},
        {change.path: change.mode for change in changes},
    )


@pytest.mark.real
@pytest.mark.parametrize("version", VERSIONS)
def test_applied_twice_changes_nothing_and_a_part_is_completed(
    version: str, real_tree: Callable[[str], GitTree]
) -> None:
    tree = real_tree(version)
    first = plan(tree, SERIES)
    assert first.changed and not first.conflicts
    complete = tree_after(tree, first.changed)
    again = plan(complete, SERIES)
    assert {patch.state for patch in again.patches} <= {"present", "superseded"}
    for patch in again.patches:
        assert patch.evidence
    for part in (1, 2, 3):
        done = first.changed[: len(first.changed) * part // 4]
        rest = plan(tree_after(tree, done), SERIES)
        assert not rest.conflicts
        assert tree_after(tree, (*done, *rest.changed)).changes == complete.changes


@pytest.mark.real
@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (b"mlock_fixup", b"mlock_repair", "found no function mlock_fixup in this file"),
        (b"nr_pages", b"count", "@@ function mlock_fixup @@"),
        (b"mm->locked_vm += nr_pages", b"mm->locked_vm += nr_pages / 2", "'/' at mm/mlock.c:"),
    ],
)
def test_a_tree_of_another_shape_is_refused_and_not_edited_wrongly(
    before: bytes, after: bytes, message: str, real_tree: Callable[[str], GitTree]
) -> None:
    tree = real_tree("6.12")
    data = tree.read("mm/mlock.c")
    assert data is not None and before in data
    other = OverlayTree(tree, {"mm/mlock.c": data.replace(before, after)})
    conflicts = plan(other, ["vm-pinned"]).conflicts
    assert any(message in patch.conflict and "mm/mlock.c" in patch.conflict for patch in conflicts)

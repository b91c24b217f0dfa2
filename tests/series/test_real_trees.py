# SPDX-License-Identifier: GPL-2.0-only
"""Matching and editing on all of mm/ of real kernels."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from series_support import MemoryTree

from patchkit.errors import ConflictError
from patchkit.series.apply import hunk_edits
from patchkit.series.index import index
from patchkit.series.layout import apply_edits, line_start
from patchkit.series.semantic import Hunk, Line, Mark, Origin
from patchkit.tree.source import GitTree

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

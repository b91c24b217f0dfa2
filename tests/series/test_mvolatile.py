# SPDX-License-Identifier: GPL-2.0-only
"""mvolatile: with vm-pinned and mpin in either order, and what they exclude, they exclude."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from patchkit.paths import data_directory
from patchkit.series.plan import plan
from patchkit.tree.source import DirectoryTree, GitTree, OverlayTree, Tree

FIXTURES = data_directory("kernel-tree-fixtures")
PINNED = ["vm-pinned", "mpin"]
ERAS = ("6.12", "7.2")


def applied(root: Path, era: str, *steps: list[str]) -> dict[str, Counter[bytes]]:
    """Return the lines of each file after these series, one step after the other."""
    shutil.copytree(FIXTURES / era, root)
    for series in steps:
        made = plan(DirectoryTree(root), series)
        assert not made.conflicts, [str(patch.conflict) for patch in made.conflicts]
        for patch in made.patches:
            for change in patch.changes:
                (root / change.path).parent.mkdir(parents=True, exist_ok=True)
                (root / change.path).write_bytes(change.new or b"")
    files = (path for path in root.rglob("*") if path.is_file())
    return {
        path.relative_to(root).as_posix(): Counter(path.read_bytes().splitlines()) for path in files
    }


@pytest.mark.parametrize("era", ERAS)
def test_either_order_gives_the_same_lines(tmp_path: Path, era: str) -> None:
    after = applied(tmp_path / "after", era, PINNED, ["mvolatile"])
    before = applied(tmp_path / "before", era, ["mvolatile"], PINNED)
    assert {path for path in after | before if after.get(path) != before.get(path)} == set()
    assert after["mm/mvolatile.c"][b"\tif (vma->vm_flags & VM_PINNED)"] == 1
    assert after["mm/mpin.c"][b"\tif (vma->vm_flags & VM_VOLATILE)"] == 1
    assert after["include/uapi/asm-generic/unistd.h"][b"#define __NR_syscalls 503"] == 1


@pytest.mark.parametrize("era", ERAS)
def test_without_pins_nothing_is_said_of_them(tmp_path: Path, era: str) -> None:
    alone = applied(tmp_path / "alone", era, ["mvolatile"])
    assert b"VM_PINNED" not in b"\n".join(alone["mm/mvolatile.c"])
    assert plan(DirectoryTree(tmp_path / "alone"), ["mvolatile"]).changed == ()


def lines_after(tree: Tree, *steps: list[str]) -> dict[str, Counter[bytes]]:
    """Return the lines of each file that these series change, one step after the other."""
    changed: dict[str, bytes | None] = {}
    for series in steps:
        made = plan(OverlayTree(tree, changed), series)
        assert not made.conflicts, [str(patch.conflict) for patch in made.conflicts]
        for patch in made.patches:
            changed |= {change.path: change.new for change in patch.changes}
    return {path: Counter((data or b"").splitlines()) for path, data in changed.items()}


@pytest.mark.real
def test_markers_for_files_only_and_a_merge_by_hand(real_tree: Callable[[str], GitTree]) -> None:
    """6.1 has no small tree: its PTE markers and its vma_merge() are those of no other."""
    tree = real_tree("6.1")
    after = lines_after(tree, PINNED, ["mvolatile"])
    before = lines_after(tree, ["mvolatile"], PINNED)
    assert {path for path in after | before if after.get(path) != before.get(path)} == set()
    assert after["init/Kconfig"][b"\tselect PTE_MARKER"] == 1
    assert after["include/linux/swapops.h"][b"#define  PTE_MARKER_PURGED   BIT(1)"] == 1
    ours = b"\n".join(after["mm/mvolatile.c"])
    assert b"vma_merge(" in ours and b"VM_PINNED" in ours
    for absent in (b"vma_start_write", b".walk_lock", b"vm_flags_set", b"VM_DROPPABLE"):
        assert absent not in ours, absent

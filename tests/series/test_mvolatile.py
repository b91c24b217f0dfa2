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

pytestmark = pytest.mark.slow

FIXTURES = data_directory("kernel-tree-fixtures")
PINNED = ["vm-pinned", "mpin"]
ERAS = ("5.10", "6.12", "7.2")


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


def test_where_there_are_pages_nothing_is_said_of_folios(tmp_path: Path) -> None:
    after = applied(tmp_path / "after", "5.10", ["mvolatile"])
    ours = b"\n".join(after["mm/mvolatile.c"])
    assert b"bool page_purge(struct page *page)" in ours
    assert b"swp_entry_to_pte(make_purged_entry())" in ours
    for absent in (b"folio", b"PTE_MARKER", b".walk_lock", b"anon_vma_name", b"VM_DROPPABLE"):
        assert absent not in ours, absent
    assert after["mm/vmscan.c"][b"\t\tif (page_is_volatile(page)) {"] == 1
    tests = "tools/testing/selftests/mvolatile/"
    for path in (path for path in after if path.startswith(tests)):
        for absent in (b"memory.reclaim", b"lru_gen", b"LRU_GEN", b"ksft_finished"):
            assert absent not in b"\n".join(after[path]), path


def test_the_purged_type_is_taken_from_the_swap_areas(tmp_path: Path) -> None:
    """It is none that another entry has, and no swap area can have it."""
    after = applied(tmp_path / "after", "5.10", ["mvolatile"])
    types = after["include/linux/swap.h"]
    assert types[b"#define SWP_PURGED\t(MAX_SWAPFILES + SWP_HWPOISON_NUM + \\"] == 1
    assert types[b"\t\t\t SWP_MIGRATION_NUM + SWP_DEVICE_NUM)"] == 1
    assert types[b"\tSWP_MIGRATION_NUM - SWP_HWPOISON_NUM - SWP_PURGED_NUM)"] == 1
    known = after["include/linux/swapops.h"]
    assert known[b"\tdefined(CONFIG_DEVICE_PRIVATE) || defined(CONFIG_MVOLATILE)"] == 1


@pytest.mark.parametrize("era", ["2.6.36", "3.15"])
def test_trees_with_mmap_sem_are_refused_with_a_reason(era: str) -> None:
    made = plan(DirectoryTree(FIXTURES / era), ["mvolatile"])
    assert not made.changed
    assert "mmap_sem this series has no form" in str(made.conflicts[0].conflict)


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


@pytest.mark.real
def test_either_order_with_pages_and_swap_types(real_tree: Callable[[str], GitTree]) -> None:
    tree = real_tree("5.10")
    after = lines_after(tree, PINNED, ["mvolatile"])
    before = lines_after(tree, ["mvolatile"], PINNED)
    assert {path for path in after | before if after.get(path) != before.get(path)} == set()
    assert after["mm/memory.c"][b"\t\t} else if (is_purged_entry(entry)) {"] == 1
    assert after["mm/mincore.c"][b"\t\t\tif (is_purged_entry(entry)) {"] == 1
    assert b"folio" not in b"\n".join(after["mm/mvolatile.c"])

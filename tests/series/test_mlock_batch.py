# SPDX-License-Identifier: GPL-2.0-only
"""mlock-batch: recognised where it is, and right where it is not."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from patchkit.paths import data_directory
from patchkit.series.index import index
from patchkit.series.plan import plan
from patchkit.tree.source import DirectoryTree, GitTree, OverlayTree, Tree

NAME = "mlock-batch"
FIXTURES = data_directory("kernel-tree-fixtures")
HARNESS = Path(__file__).with_name("batching.c")


def fixture(era: str) -> DirectoryTree:
    return DirectoryTree(FIXTURES / era)


def rendered() -> bytes:
    (patch,) = plan(fixture("2.6.36"), [NAME]).changed
    (change,) = patch.changes
    assert change.path == "mm/mlock.c" and change.new
    return change.new


def check_recognised(tree: Tree) -> None:
    made = plan(tree, [NAME])
    (patch,) = made.patches
    assert patch.state == "superseded" and not made.changed
    lines = [
        (tree.read(found.file) or b"").splitlines()[found.line - 1]
        for found in patch.evidence
        if found.line
    ]
    mlock, mlockall, populate = lines
    assert b"__mm_populate(start, len, 0)" in mlock
    assert b"mm_populate(0, TASK_SIZE)" in mlockall
    assert b"mmap_read_lock(mm)" in populate or b"down_read(&mm->mmap_sem)" in populate


@pytest.mark.parametrize("era", ["3.15", "5.10", "6.12", "7.2"])
def test_small_trees_have_it_in_another_form(era: str) -> None:
    check_recognised(fixture(era))


@pytest.mark.real
@pytest.mark.parametrize("version", ["5.10", "6.1", "6.12", "7.2"])
def test_real_trees_have_it_in_another_form(
    real_tree: Callable[[str], GitTree], version: str
) -> None:
    check_recognised(real_tree(version))


def test_applied_once() -> None:
    tree = OverlayTree(fixture("2.6.36"), {"mm/mlock.c": rendered()})
    (patch,) = plan(tree, [NAME]).patches
    assert patch.state == "present" and len(patch.evidence) == 4


def test_nothing_is_faulted_in_under_the_lock_held_for_writing() -> None:
    source = index(rendered())
    data = rendered()
    (fixup,) = source.find("function", "mlock_fixup")
    inside = data[fixup.start : fixup.end]
    assert b"__mlock_vma_pages_range" not in inside and b"make_pages_present" not in inside


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_the_rendered_functions_run_against_a_counting_lock(tmp_path: Path) -> None:
    """Holds are bounded, and what happens between two of them is honoured: see batching.c."""
    assert run(tmp_path, functions()) == ""


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("> MLOCK_BATCH_PAGES)", "> 2 * MLOCK_BATCH_PAGES)"),
        ("vma->vm_start > start", "vma->vm_start > end"),
        ("if (vma->vm_flags & VM_LOCKED)", "if (vma)"),
        ("return __mlock_posix_error_return(error)", "return error"),
        ("if (error && !ignore_errors)", "if (error)"),
        ("return min(ret, 0)", "return ret"),
        ("end = min(end, vma->vm_end)", "end = vma->vm_end"),
    ],
)
def test_the_harness_sees_defects(tmp_path: Path, right: str, wrong: str) -> None:
    source = functions()
    assert source.count(right) == 1
    assert run(tmp_path, source.replace(right, wrong))


def functions() -> str:
    data = rendered()
    source = index(data)
    parts = []
    for kind, name in (
        ("macro", "MLOCK_BATCH_PAGES"), ("function", "mlock_batch"), ("function", "do_mlock_pages")
    ):  # fmt: skip
        (extent,) = source.find(kind, name)
        parts.append(data[extent.start : extent.end].decode())
    return "\n".join(parts)


def run(tmp_path: Path, source: str) -> str:
    (tmp_path / "rendered.h").write_text(source)
    program = tmp_path / "batching"
    subprocess.run(
        ["cc", "-std=gnu11", "-Wall", "-Werror", "-Wno-unused-function", "-I", tmp_path,
         "-o", program, HARNESS],
        check=True, timeout=60,
    )  # fmt: skip
    done = subprocess.run([program], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode == 0) == (done.stdout == "")
    return done.stdout

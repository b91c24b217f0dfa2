# SPDX-License-Identifier: GPL-2.0-only
"""Analyses of C given as text, for the tests of the path engine."""

from __future__ import annotations

import tempfile
from pathlib import Path as FilePath

from patchkit.lint.analysis import Analysis, FunctionPaths
from patchkit.lint.counters import load_counters
from patchkit.lint.events import Assume, Charge, Check
from patchkit.lint.pathmodel import Path
from patchkit.lint.program import Program
from patchkit.tree.source import DirectoryTree

HEADER = """
struct mm_struct { unsigned long locked_vm; atomic64_t pinned_vm; unsigned long total_vm; };
struct user_struct { atomic_long_t locked_vm; };
struct task_struct { struct mm_struct *mm; };
struct vm_area_struct { unsigned long vm_start, vm_end; struct mm_struct *vm_mm;
                        unsigned long vm_flags; };
"""


def analysis_of(**files: str) -> Analysis:
    """Return the analysis of a tree with these files; ``a=…`` is ``a.c``."""
    directory = FilePath(tempfile.mkdtemp(prefix="lint-"))
    for name, text in files.items():
        (directory / f"{name}.c").write_text(HEADER + text)
    paths = sorted(f"{name}.c" for name in files)
    return Analysis(Program(DirectoryTree(directory), load_counters(), tuple(paths)))


def function_of(text: str, name: str = "f") -> FunctionPaths:
    """Return the paths of one function."""
    found = analysis_of(a=text).function(name)
    assert found is not None
    return found


def charges(path: Path) -> list[str]:
    """Return a path's charges as text: ``mm.pinned_vm mm n``."""
    return [
        f"{each.counter} {each.owner.text} {each.amount.text}"
        for each in path.events
        if isinstance(each, Charge)
    ]


def checks(path: Path) -> list[str]:
    """Return a path's limit checks as text."""
    return [
        f"{each.usage.text} {each.relation} {each.limit.text}"
        for each in path.events
        if isinstance(each, Check)
    ]


def branches(path: Path) -> list[str]:
    """Return the conditions that a path assumes, as text."""
    return [each.condition.text for each in path.events if isinstance(each, Assume)]


def shape(function: FunctionPaths) -> set[tuple[str, tuple[str, ...]]]:
    """Return outcome and charges of all paths."""
    return {(path.outcome, tuple(charges(path))) for path in function.paths}

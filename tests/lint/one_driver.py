# SPDX-License-Identifier: GPL-2.0-only
"""A core that charges and gives back, and drivers in other files that use it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from patchkit.lint import ledger
from patchkit.lint.analysis import Analysis
from patchkit.lint.counters import load_counters
from patchkit.lint.program import Program
from patchkit.tree.source import DirectoryTree

HEADERS = {
    "umem.h": """
struct mm_struct { unsigned long locked_vm, total_vm; atomic64_t pinned_vm; };
struct user_struct { atomic_long_t locked_vm; };
struct task_struct { struct mm_struct *mm; };
struct umem { struct mm_struct *mm; unsigned long pages; };
struct umem *umem_get(unsigned long start, unsigned long length);
void umem_release(struct umem *umem);
"""
}

UMEM = """
#include "umem.h"
struct umem *umem_get(unsigned long start, unsigned long length)
{
	struct umem *umem = kzalloc(sizeof(*umem), GFP_KERNEL);

	if (!umem)
		return ERR_PTR(-ENOMEM);
	umem->mm = current->mm;
	umem->pages = length >> PAGE_SHIFT;
	mmgrab(umem->mm);
	atomic64_add(umem->pages, &umem->mm->pinned_vm);
	return umem;
}

void umem_release(struct umem *umem)
{
	atomic64_sub(umem->pages, &umem->mm->pinned_vm);
	mmdrop(umem->mm);
	kfree(umem);
}
"""


def analysis_of(files: Mapping[str, str], *mentioning: str) -> Analysis:
    """Return the analysis of a tree with these files, of which some mention a counter."""
    directory = Path(tempfile.mkdtemp(prefix="lint-"))
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return Analysis(Program(DirectoryTree(directory), load_counters(), tuple(mentioning)))


def ledger_of(files: Mapping[str, str], *mentioning: str) -> set[tuple[str, str]]:
    """Return rule and function of what the ledger says of a tree."""
    analysis = analysis_of(files, *mentioning)
    return {(each.rule, each.function.name) for each in ledger.drafts(analysis)}

# SPDX-License-Identifier: GPL-2.0-only
"""Which refs belong to a rendered branch, and which names a branch may have."""

from __future__ import annotations

from collections.abc import Sequence

from patchkit.commits.repo import Repository
from patchkit.errors import UserError

BRANCHES = "refs/heads/"
RECORDS = "refs/patchkit/"


def default_branch(series: Sequence[str]) -> str:
    """Return the branch for these series, in the order of the request: that of the last one."""
    if not series:
        raise UserError("no series was named, so there is no name for the branch")
    return f"patchkit/{series[-1]}"


def branch_ref(repository: Repository, branch: str) -> str:
    """Return the full name of *branch*; UserError when git would not take the name.

    A name that could pass for an option, has a line break or starts with ``refs/`` is refused.
    """
    bad = ""
    if branch.startswith("-"):
        bad = "it starts with '-', as options do"
    elif branch == "HEAD" or branch.startswith("refs/"):
        bad = "expected the short name of a branch"
    elif not branch or any(ord(character) < 33 for character in branch):
        bad = "it is empty, or has white space or control characters"
    elif repository.git("check-ref-format", BRANCHES + branch, check=False).returncode != 0:
        bad = "git does not allow it (git help check-ref-format)"
    if bad:
        raise UserError(
            f"{branch!r} cannot be the name of a branch: {bad}", hint="--branch patchkit/NAME"
        )
    return BRANCHES + branch


def record_ref(branch: str) -> str:
    """Return the ref that remembers what patchkit put on *branch*."""
    return RECORDS + branch

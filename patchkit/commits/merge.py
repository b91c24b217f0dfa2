# SPDX-License-Identifier: GPL-2.0-only
"""Three-way merges of whole trees as objects, without a work tree (``git merge-tree``)."""

from __future__ import annotations

from dataclasses import dataclass

from patchkit.commits.repo import Repository
from patchkit.errors import InfrastructureError

NEEDED_GIT = (2, 38)
"""The first git whose merge-tree writes trees."""

_NOBODY = b"patchkit <patchkit@localhost> 0 +0000"


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge's *tree*, or why there is none: *conflict* names files and kinds."""

    tree: str
    conflict: str = ""


def merge_trees(repository: Repository, base: str, ours: str, theirs: str) -> Merged:
    """Bring what changed from *base* to *theirs* into *ours*; all are tree ids.

    Raises InfrastructureError when git is too old to merge without a work tree.
    """
    if base in (theirs, ours) or ours == theirs:
        return Merged(theirs if base == ours else ours)
    found = repository.version()
    if found < NEEDED_GIT:
        raise InfrastructureError(
            "rebasing your commits on a new rendering needs git "
            f"{'.'.join(map(str, NEEDED_GIT))} or newer, found {'.'.join(map(str, found))}; "
            "nothing was changed",
            hint="apply onto another branch (--branch NAME) and git cherry-pick your commits there",
        )
    # git 2.38 and 2.39 take no --merge-base, so the three trees become a tiny history.
    fork = _commit(repository, base)
    words = ("merge-tree", "--write-tree", "--name-only", "--messages",
             _commit(repository, ours, fork), _commit(repository, theirs, fork))  # fmt: skip
    done = repository.git(*words, check=False)
    lines = done.stdout.decode("utf-8", "backslashreplace").splitlines()
    if done.returncode == 0:
        return Merged(lines[0])
    if done.returncode == 1:
        messages = [line for line in lines[1:] if line.startswith("CONFLICT")]
        return Merged("", "\n".join(messages or lines[1:]))
    reason = done.stderr.decode("utf-8", "backslashreplace").strip()
    raise InfrastructureError(f"git merge-tree failed: {reason}; nothing was changed")


def _commit(repository: Repository, tree: str, *parents: str) -> str:
    return repository.write_commit(tree, parents, b"merge\n", _NOBODY, _NOBODY)

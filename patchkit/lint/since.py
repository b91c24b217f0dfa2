# SPDX-License-Identifier: GPL-2.0-only
"""What a change introduced: findings of a tree less those of an earlier revision.

Findings are compared as a multiset of fingerprints, so a second defect of the same kind in a
function shows though the first was there before. A file that was renamed keeps its findings.
"""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Iterable, Mapping

from patchkit.errors import UserError
from patchkit.lint.model import Finding
from patchkit.tree.git import git
from patchkit.tree.source import GitTree, OverlayTree, Tree


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """The paths that are not the same in an earlier revision, sorted, and the later names of
    renamed files by their earlier ones."""

    changed: tuple[str, ...]
    renamed: Mapping[str, str]


def earlier(tree: Tree, revision: str) -> GitTree:
    """Open *revision* of the repository that *tree* is from; UserError when it is from none."""
    base = _repository_tree(tree)
    if base is None:
        raise UserError(
            f"{tree.name}: not a git repository, so there is nothing since {revision!r}",
            hint="--baseline FILE compares with findings that were written down",
        )
    return GitTree(base.repository, revision, name=f"{tree.name} at {revision}")


def difference(tree: Tree, base: GitTree) -> Difference:
    """Compare *tree* with an earlier revision of the same repository."""
    top = _repository_tree(tree)
    assert top is not None
    words = ("diff-tree", "-r", "-z", "--name-status", "-M", base.tree_id, top.tree_id)
    fields = [os.fsdecode(field) for field in git(top.repository, *words).split(b"\0")]
    changed: set[str] = set()
    renamed: dict[str, str] = {}
    position = 0
    while position < len(fields) - 1:
        two = fields[position].startswith(("R", "C"))
        names = fields[position + 1 : position + (3 if two else 2)]
        if fields[position].startswith("R"):
            renamed[names[0]] = names[1]
        changed.update(names)
        position += 1 + len(names)
    if isinstance(tree, OverlayTree):
        changed |= tree.changes.keys()
        changed = {path for path in changed if tree.blob_id(path) != base.blob_id(path)}
    return Difference(tuple(sorted(changed)), renamed)


def new_findings(
    now: Iterable[Finding], before: Iterable[Finding], renamed: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    """Return the findings of *now* that *before* does not have.

    Of several with one fingerprint those go first that read the same as one before.
    """
    names = renamed or {}
    moved = [
        dataclasses.replace(finding, file=names.get(finding.file, finding.file))
        for finding in before
    ]
    known = Counter(finding.fingerprint for finding in moved)
    alike = Counter(_text(finding) for finding in moved)
    left: list[Finding] = []
    for finding in now:
        if alike[_text(finding)] > 0:
            alike[_text(finding)] -= 1
            known[finding.fingerprint] -= 1
        else:
            left.append(finding)
    new: list[Finding] = []
    for finding in left:
        if known[finding.fingerprint] > 0:
            known[finding.fingerprint] -= 1
        else:
            new.append(finding)
    return tuple(new)


def _text(finding: Finding) -> tuple[str, ...]:
    return (finding.fingerprint, finding.message, *(step.what for step in finding.path))


def _repository_tree(tree: Tree) -> GitTree | None:
    while isinstance(tree, OverlayTree):
        tree = tree.base
    return tree if isinstance(tree, GitTree) else None


__all__ = ["Difference", "difference", "earlier", "new_findings"]

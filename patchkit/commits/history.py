# SPDX-License-Identifier: GPL-2.0-only
"""What became of a rendering on its branch: which commits are patchkit's and which the user's.

The record names the commits that were rendered. On the branch each of them is found again by id;
or by its summary, or by author, date and place, when the user has amended or rebased. It counts as
*rendered* as long as message and change are the recorded ones, and as *amended* otherwise.
Everything else is the user's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from patchkit.commits.merge import merge_trees
from patchkit.commits.record import Record
from patchkit.commits.repo import Commit, Repository
from patchkit.errors import ConflictError

Kind = Literal["rendered", "amended", "user"]


@dataclass(frozen=True, slots=True)
class Slot:
    """One commit of the branch; *key* is ``series/id`` of its patch, "" for the user's own."""

    kind: Kind
    key: str
    commit: Commit
    parent_tree: str


@dataclass(frozen=True, slots=True)
class History:
    """A branch from *start* (exclusive) to its tip, oldest first.

    *missing* are the keys of rendered patches that are no longer there; *reordered* tells whether
    those that are there stand in another order than they were rendered in.
    """

    start: str
    slots: tuple[Slot, ...]
    missing: tuple[str, ...]
    reordered: bool

    @property
    def theirs(self) -> tuple[Slot, ...]:
        """The commits that the user added or amended."""
        return tuple(slot for slot in self.slots if slot.kind != "rendered")

    @property
    def merges(self) -> tuple[Slot, ...]:
        """The merges on the branch, which cannot be rebased."""
        return tuple(slot for slot in self.slots if len(slot.commit.parents) > 1)


def read_history(repository: Repository, record: Record, tip: str, base: str) -> History:
    """Return what is on the branch now.

    The branch starts at *base* when the user has rebased it there by hand, else at the recorded
    base. ConflictError when neither is below *tip*.
    """
    if base != record.base and repository.is_ancestor(base, tip):
        moved = _classify(repository, record, base, tip)
        if not moved.missing:
            return moved
    if not repository.is_ancestor(record.base, tip):
        raise ConflictError(
            f"{record.branch} no longer contains {record.base[:12]}, which it was rendered on, "
            f"nor {base[:12]}, so patchkit cannot tell your commits from others; "
            "nothing was changed",
            hint=f"apply with the commit that it is based on as --rev, or rename the branch: "
            f"git branch -m {record.branch} {record.branch}-mine",
        )
    return _classify(repository, record, record.base, tip)


def _classify(repository: Repository, record: Record, start: str, tip: str) -> History:
    commits = repository.commits_between(start, tip)
    keys = [patch.key for patch in record.rendered]
    old = {patch.key: repository.commit(patch.commit) for patch in record.rendered}
    here = {
        patch.key: repository.commit(patch.here) if patch.here else old[patch.key]
        for patch in record.rendered
    }
    matched = _match(commits, keys, old, here)
    slots: list[Slot] = []
    for position, commit in enumerate(commits):
        parent_tree = repository.commit(commit.parents[0]).tree
        key = matched.get(position, "")
        kind: Kind = "user"
        if key:
            same = commit.id == old[key].id or _same(repository, old[key], commit, parent_tree)
            kind = "rendered" if same else "amended"
        slots.append(Slot(kind, key, commit, parent_tree))
    order = [keys.index(slot.key) for slot in slots if slot.key]
    found = set(matched.values())
    missing = tuple(key for key in keys if key not in found)
    return History(start, tuple(slots), missing, order != sorted(order))


def _match(
    commits: Sequence[Commit],
    keys: list[str],
    old: dict[str, Commit],
    here: dict[str, Commit],
) -> dict[int, str]:
    """Return which commit (by position) is which patch: id, then summary, then author and place.

    *old* is how each was rendered, *here* how the last apply left it on the branch.
    """
    matched: dict[int, str] = {}
    left = list(keys)

    def take(position: int, key: str) -> None:
        matched[position] = key
        left.remove(key)

    by_id = {commit.id: key for known in (old, here) for key, commit in known.items()}
    for position, commit in enumerate(commits):
        if by_id.get(commit.id) in left:
            take(position, by_id[commit.id])
    for position, commit in enumerate(commits):
        if position in matched or len(commit.parents) > 1:
            continue
        subject = commit.subject
        key = next((key for key in left if subject in (old[key].subject, here[key].subject)), None)
        if key is not None:
            take(position, key)
    for key in list(left):
        places = _places(commits, keys, matched, key)
        authors = (old[key].author, here[key].author)
        candidates = [place for place in places if commits[place].author in authors]
        rivals = [
            other for other in left
            if other != key and _places(commits, keys, matched, other) == places
        ]  # fmt: skip
        if len(candidates) == 1 and not rivals:
            take(candidates[0], key)
    return matched


def _places(
    commits: Sequence[Commit], keys: list[str], matched: dict[int, str], key: str
) -> list[int]:
    """Return the unmatched positions between the neighbours that *key* was rendered between."""
    index = keys.index(key)
    below = [place for place, other in matched.items() if keys.index(other) < index]
    above = [place for place, other in matched.items() if keys.index(other) > index]
    first = max(below, default=-1) + 1
    last = min(above, default=len(commits))
    return [
        place for place in range(first, last)
        if place not in matched and len(commits[place].parents) == 1
    ]  # fmt: skip


def _same(repository: Repository, old: Commit, commit: Commit, parent_tree: str) -> bool:
    """Tell whether *commit* is *old* on another parent: same message, same change."""
    if old.message != commit.message:
        return False
    old_parent_tree = repository.commit(old.parents[0]).tree
    return merge_trees(repository, old_parent_tree, parent_tree, old.tree).tree == commit.tree

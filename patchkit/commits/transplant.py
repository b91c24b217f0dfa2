# SPDX-License-Identifier: GPL-2.0-only
"""A new rendering with the user's commits on it, made of objects only.

The branch is walked from its start. Where a rendered commit stood, its new rendering is put; where
the user had amended one, the amendment is merged into the new rendering; the user's own commits
are rebased in their place. What cannot be done without loss is refused, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from patchkit.commits.faults import step
from patchkit.commits.history import History, Slot
from patchkit.commits.merge import merge_trees
from patchkit.commits.record import Record
from patchkit.commits.render import People, Rendered
from patchkit.commits.repo import Repository
from patchkit.errors import ConflictError


@dataclass(frozen=True, slots=True)
class Kept:
    """A commit of the user's: where it was and where it is now (the same when it did not move)."""

    old: str
    new: str
    subject: str
    amended: str = ""
    """``series/id`` of the patch that it amends, "" for a commit of its own."""


@dataclass(frozen=True, slots=True)
class Transplanted:
    """The new *tip*, where each patch is *here* on it by key, and the user's commits."""

    tip: str
    here: Mapping[str, str]
    kept: tuple[Kept, ...] = ()


def transplant(
    repository: Repository,
    record: Record,
    history: History,
    rendered: Sequence[Rendered],
    base: str,
    people: People,
) -> Transplanted:
    """Write the new branch on *base*; ConflictError when that would lose any of the user's work."""
    _refuse_shapes(record, history, rendered)
    writer = _Writer(repository, record, people, base)
    placed = {slot.key for slot in history.slots if slot.key}
    new = {one.key for one in rendered}
    waiting = list(rendered)

    def emit_unplaced() -> None:
        while waiting and waiting[0].key not in placed:
            writer.put(waiting.pop(0))

    emit_unplaced()
    for slot in history.slots:
        if not slot.key:
            writer.rebase(slot)
        elif slot.key in new:
            one = waiting.pop(0)
            writer.put(one)
            if slot.kind == "amended":
                writer.amend(slot, one)
            emit_unplaced()
    return Transplanted(writer.tip, writer.here, tuple(writer.kept))


def _refuse_shapes(record: Record, history: History, rendered: Sequence[Rendered]) -> None:
    """Refuse histories that no rebase can keep, before anything is written."""
    new = [one.key for one in rendered]
    for slot in history.merges:
        raise _refusal(
            record, f"{_name(slot)} is a merge, and a merge cannot be rebased on a new rendering"
        )
    if history.missing and history.theirs:
        raise _refusal(
            record,
            f"{', '.join(history.missing)} was rendered there and is gone (dropped, or squashed "
            "into another), and rendering again would bring it back beside your commits",
        )
    for slot in history.theirs:
        if slot.key and slot.key not in new:
            raise _refusal(
                record, f"{_name(slot)} amends {slot.key}, which is not rendered any more"
            )
    placed = [slot.key for slot in history.slots if slot.key in new]
    if placed != [key for key in new if key in placed]:
        raise _refusal(record, "its patches stand in another order than they are rendered in now")


def _name(slot: Slot) -> str:
    return f"{slot.commit.id[:12]} ({slot.commit.subject!r})"


def _refusal(record: Record, why: str) -> ConflictError:
    return ConflictError(
        f"{record.branch} cannot be rendered again: {why}; nothing was changed",
        hint="render onto another branch and take your commits over by hand: "
        f"--branch {record.branch}-new, then git cherry-pick",
    )


class _Writer:
    """Puts commit upon commit, starting from the base."""

    def __init__(self, repository: Repository, record: Record, people: People, base: str) -> None:
        self.repository = repository
        self.record = record
        self.people = people
        self.tip = base
        self.tree = repository.commit(base).tree
        self.here: dict[str, str] = {}
        self.kept: list[Kept] = []
        self._old = {patch.key: patch.commit for patch in record.rendered}

    def put(self, one: Rendered) -> None:
        """Put a rendered patch; its own commit where nothing of the user's is below it."""
        if self.tip == one.parent:
            self.tip, self.tree = one.commit, one.tree
            self.here[one.key] = one.commit
            return
        merged = merge_trees(self.repository, one.parent_tree, self.tree, one.tree)
        if merged.conflict:
            raise _refusal(
                self.record,
                f"{one.key} does not fit on your commits below it:\n{merged.conflict}\n",
            )
        self._write(merged.tree, one.message, self._header(), b"")
        self.here[one.key] = self.tip

    def rebase(self, slot: Slot) -> None:
        """Put a commit of the user's own, as it is where nothing below it has changed."""
        commit = slot.commit
        if commit.parents[0] == self.tip:
            self.tip, self.tree = commit.id, commit.tree
        else:
            merged = merge_trees(self.repository, slot.parent_tree, self.tree, commit.tree)
            if merged.conflict:
                raise _refusal(
                    self.record,
                    f"your commit {_name(slot)} conflicts with the new rendering:\n"
                    f"{merged.conflict}\n",
                )
            if merged.tree == self.tree and commit.tree != slot.parent_tree:
                raise _refusal(
                    self.record,
                    f"your commit {_name(slot)} would be empty, because the new rendering does "
                    "the same already; drop it from the branch if that is right",
                )
            self._write(merged.tree, commit.message, commit.author, commit.encoding)
        self.kept.append(Kept(commit.id, self.tip, commit.subject))

    def amend(self, slot: Slot, one: Rendered) -> None:
        """Merge the user's amendment of a rendered commit into its new rendering, just put."""
        commit, old = slot.commit, self.repository.commit(self._old[slot.key])
        old_parent_tree = self.repository.commit(old.parents[0]).tree
        # What the branch would have had without the amendment.
        plain = merge_trees(self.repository, old_parent_tree, slot.parent_tree, old.tree)
        merged = (
            plain if plain.conflict
            else merge_trees(self.repository, plain.tree, self.tree, commit.tree)
        )  # fmt: skip
        if merged.conflict:
            raise _refusal(
                self.record,
                f"your version {_name(slot)} of {slot.key} conflicts with its new rendering:\n"
                f"{merged.conflict}\n",
            )
        message = one.message if commit.message == old.message else commit.message
        parent = self.repository.commit(self.tip).parents[0]
        self.tip = parent
        self._write(merged.tree, message, commit.author, commit.encoding)
        self.here[one.key] = self.tip
        self.kept.append(Kept(commit.id, self.tip, commit.subject, slot.key))

    def _header(self) -> bytes:
        return self.people.author.line.encode("utf-8", "surrogateescape")

    def _write(self, tree: str, message: bytes, author: bytes, encoding: bytes) -> None:
        committer = self.people.committer.line.encode("utf-8", "surrogateescape")
        self.tip = self.repository.write_commit(
            tree, (self.tip,), message, author, committer, encoding
        )
        self.tree = tree
        step("commit rebased")

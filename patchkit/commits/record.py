# SPDX-License-Identifier: GPL-2.0-only
"""What patchkit remembers of a branch: the last rendering, and where the branch was before.

A record is a commit on ``refs/patchkit/<branch>`` whose tree has one file, ``record.json``. Its
parents are the rendered tip, where the branch was before, and the record before this one, so that
garbage collection keeps all that a range-diff, a rebase or an undo will need.
See docs/decisions/0002-commits-and-their-record.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from patchkit import __version__
from patchkit.commits.repo import Identity, Repository
from patchkit.errors import TreeError
from patchkit.series.model import Plan
from patchkit.tree.source import REGULAR, compute_blob_id

if TYPE_CHECKING:
    from patchkit.tree.facts import Fact

SCHEMA = 1


class RecordedPatch(msgspec.Struct, frozen=True):
    """One patch of the last rendering; *commit* is "" for one that was not needed.

    *here* is its commit on the branch, which differs from *commit* where the user's commits are
    below it or merged into it. *facts* are those that were used, in words.
    """

    series: str
    id: str
    subject: str
    state: str
    digest: str
    commit: str = ""
    here: str = ""
    facts: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The name that stays when the patch is rendered again: ``series/id``."""
        return f"{self.series}/{self.id}"


class Record(msgspec.Struct, frozen=True):
    """One apply: commits are full ids; *before* is "" when the branch did not exist."""

    branch: str
    base: str
    tip: str
    before: str
    after: str
    plan: str
    patches: tuple[RecordedPatch, ...]
    previous: str = ""
    patchkit: str = __version__
    schema: int = SCHEMA

    @property
    def rendered(self) -> tuple[RecordedPatch, ...]:
        """The patches that became commits, in order."""
        return tuple(patch for patch in self.patches if patch.commit)


def facts_text(facts: Iterable[Fact]) -> tuple[str, ...]:
    """Return facts in words, each with where it is from."""
    return tuple(
        f"{fact.name} = {fact.value!r}" + (f"  ({fact.file}:{fact.line})" if fact.file else "")
        for fact in facts
    )


def plan_digest(plan: Plan, base: str, sign_off: bool) -> str:
    """Return what a plan on *base* amounts to, as a hash: the same plan again is the same hash.

    Template digests are part of it, so that the record follows templates that render the same.
    """
    items = [
        (
            patch.series, patch.id, patch.state, patch.digest, patch.message,
            [
                (
                    change.path, change.mode,
                    "" if change.new is None else compute_blob_id(change.new),
                )
                for change in patch.changes
            ],
        )
        for patch in plan.patches
    ]  # fmt: skip
    return hashlib.sha256(msgspec.json.encode((base, sign_off, items))).hexdigest()


def write_record(repository: Repository, record: Record, committer: Identity) -> str:
    """Store a record and return its commit; no ref is moved."""
    blob = repository.write_blob(msgspec.json.format(msgspec.json.encode(record), indent=1))
    tree = repository.write_tree({"record.json": (REGULAR, blob)})
    parents = dict.fromkeys(
        commit for commit in (record.tip, record.after, record.before, record.previous) if commit
    )
    line = committer.line.encode("utf-8", "surrogateescape")
    message = f"patchkit: what is on {record.branch}\n".encode("utf-8", "surrogateescape")
    return repository.write_commit(tree, parents, message, line, line)


def read_record(repository: Repository, commit: str) -> Record:
    """Return the record that *commit* holds; TreeError when it holds none."""
    entry = repository.entry(repository.commit(commit).tree, "record.json")
    try:
        if entry is None:
            raise ValueError("record.json is missing")
        record = msgspec.json.decode(repository.read(entry[1])[1], type=Record)
        if record.schema != SCHEMA:
            raise ValueError(f"schema {record.schema}, this patchkit knows {SCHEMA}")
    except (ValueError, msgspec.DecodeError) as error:
        raise TreeError(
            f"{repository.path}: {commit} is not a record that this patchkit can read: {error}"
        ) from error
    return record

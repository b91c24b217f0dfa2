# SPDX-License-Identifier: GPL-2.0-only
"""What a plan is: for each patch of each series, what it does to one tree, or why not.

Plain values only. A plan that has been made needs neither templates nor the tree any more, so the
later stages (commits, export, the command line) work from it alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from patchkit.tree.facts import Fact

State = Literal["apply", "present", "superseded", "conflict"]
"""``apply``: to be done; ``present``: what it establishes already holds; ``superseded``: this tree
does not need it; ``conflict``: the tree does not have the shape that the template needs."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after one patch.

    *path* is relative to the tree's root, with ``/``. *old* is None for a new file, *new* is None
    for a deleted one. *mode* is git's, 0o100644 or 0o100755: of the result, or of what is deleted.
    """

    path: str
    old: bytes | None
    new: bytes | None
    mode: int = 0o100644


@dataclass(frozen=True, slots=True)
class Evidence:
    """A place in the tree that supports a state; *line* counts from 1, 0 is the whole file."""

    file: str
    line: int
    why: str


@dataclass(frozen=True, slots=True)
class PatchPlan:
    """One patch on one tree.

    *series* and *id* name it (id is the template's file name without ``.patch.j2``); *subject* is
    the first line of *message*; *diff* is the exact unified diff of *changes*; *digest* is that of
    the template; *facts* are those that rendering used; *conflict* says, when *state* is
    ``conflict``, what was looked for, where, and the nearest candidates.
    """

    series: str
    id: str
    subject: str
    message: str
    state: State
    evidence: tuple[Evidence, ...] = ()
    changes: tuple[FileChange, ...] = ()
    diff: str = ""
    digest: str = ""
    facts: tuple[Fact, ...] = ()
    conflict: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """All patches of the series asked for, in the order of application, on one tree."""

    tree: str
    patches: tuple[PatchPlan, ...]

    @property
    def changed(self) -> tuple[PatchPlan, ...]:
        """The patches that would be committed."""
        return tuple(patch for patch in self.patches if patch.state == "apply")

    @property
    def conflicts(self) -> tuple[PatchPlan, ...]:
        """The patches that this tree refuses."""
        return tuple(patch for patch in self.patches if patch.state == "conflict")

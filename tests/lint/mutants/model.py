# SPDX-License-Identifier: GPL-2.0-only
"""What a mutant is."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass
from typing import Literal

Reach = Literal["near", "far"]
"""*near*: one function and its direct callers show the defect; *far*: everything else."""

Half = Literal["open", "sealed"]

VERSIONS = ("5.10", "6.1", "6.12", "7.2")


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the bytes ``[start, end)`` of a function's text by *new*."""

    start: int
    end: int
    new: bytes


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an operator wants to do with one function.

    *edits* do not overlap. *before* is text to put before the function (a helper, a macro).
    *pairing* tells that the defect lies between this place and another that gives back (or charges)
    the same; then the reach depends on where that other place is.
    """

    operator: str
    edits: tuple[Edit, ...]
    before: bytes = b""
    pairing: bool = False
    reach: Reach = "near"
    counter: str = ""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One edit of one file: ``old`` at byte *start* becomes ``new``.

    *harmless* says that behaviour is the same. *partners* are functions whose charge or release the
    defect leaves without its other half: a finding there is as good as one in *function*.
    """

    tree: str
    path: str
    function: str
    operator: str
    harmless: bool
    start: int
    old: bytes
    new: bytes
    reach: Reach
    counter: str = ""
    partners: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Operator and eight hexadecimal digits over tree, place and both texts."""
        words = (self.tree, self.path, self.function, self.operator, str(self.start))
        digest = hashlib.sha256("\0".join(words).encode() + b"\0" + self.old + b"\0" + self.new)
        return f"{self.operator}-{digest.hexdigest()[:8]}"

    def apply(self, data: bytes) -> bytes:
        """Return the file with the edit made. ValueError when the old text is not there."""
        end = self.start + len(self.old)
        if data[self.start : end] != self.old:
            raise ValueError(f"{self.path}: expected the old text of {self.id} at {self.start}")
        return data[: self.start] + self.new + data[end:]

    def diff(self, data: bytes) -> str:
        """Return the edit as a unified diff of the file *data*."""
        lines = (data.decode("utf-8", "replace"), self.apply(data).decode("utf-8", "replace"))
        before, after = (text.splitlines(keepends=True) for text in lines)
        names = (f"a/{self.path}", f"b/{self.path}")
        return "".join(difflib.unified_diff(before, after, *names, n=6))


def half_of(path: str, seed: str) -> Half:
    """Tell to which half a file belongs: the same in every tree and on every machine."""
    digest = hashlib.sha256(f"{seed}\0{path}".encode()).digest()
    return "open" if digest[0] & 1 else "sealed"


def rank(*words: str) -> bytes:
    """A stable order that has nothing to do with the words' meaning."""
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogateescape")).digest()

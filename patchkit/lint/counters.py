# SPDX-License-Identifier: GPL-2.0-only
"""What is accounted, read from ``counters.toml``."""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import Literal

import msgspec

Kind = Literal["plain", "atomic"]


class Counter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A member of a struct that counts pages; its owner is the struct.

    *lock* is what protects a plain one when it is written, *lock_alternatives* what does in places.
    """

    id: str
    struct: str
    member: str
    kind: Kind
    lock: str = ""
    lock_alternatives: tuple[str, ...] = ()


class Companion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A counter that moves with the counter *of* while a VMA has *flag*."""

    id: str
    struct: str
    member: str
    kind: Kind
    of: str
    flag: str


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Counters that share a limit. *sum* names helpers that return the total, *flags* the VMA flag
    that goes with a counter."""

    counters: tuple[str, ...]
    limit: str
    capability: str
    sum: tuple[str, ...] = ()
    flags: dict[str, str] = {}  # msgspec copies it


class Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which words are searched, and outside of which directories."""

    words: tuple[str, ...]
    outside: tuple[str, ...]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file's tables."""

    search: Search
    counter: tuple[Counter, ...] = ()
    companion: tuple[Companion, ...] = ()
    pair: tuple[Pair, ...] = ()


class Counters:
    """All tables, by what they are asked for."""

    def __init__(self, data: bytes) -> None:
        """Read TOML; msgspec.DecodeError says which key is wrong."""
        file = msgspec.toml.decode(data, type=_File)
        self.counters = file.counter
        self.companions = file.companion
        self.pairs = file.pair
        self.words = file.search.words
        self.outside = file.search.outside
        self._members = {(c.struct, c.member): c for c in file.counter}
        self._ids = {c.id: c for c in file.counter}

    def counter(self, struct: str, member: str) -> Counter | None:
        """Return the counter that a member of a struct is."""
        return self._members.get((struct, member))

    def by_id(self, id: str) -> Counter | None:
        """Return the counter with an id."""
        return self._ids.get(id)

    def pairs_of(self, id: str) -> tuple[Pair, ...]:
        """Return the pairs that a counter belongs to."""
        return tuple(pair for pair in self.pairs if id in pair.counters)


@functools.cache
def load_counters() -> Counters:
    """Return the counters of ``counters.toml``; read once."""
    return Counters((files("patchkit.lint") / "counters.toml").read_bytes())

# SPDX-License-Identifier: GPL-2.0-only
"""Which calls are tried with which, and on what."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from patchkit.kselftest.machine import Group
from patchkit.kselftest.ops import (
    ADVICE,
    MCL_CURRENT,
    MCL_FUTURE,
    MCL_ONFAULT,
    PIN_CALLS,
    PROTS,
    UNLIMITED,
    Op,
)

Range = tuple[int, int]
MAPPINGS = ("anon", "untouched", "shared", "file")


def each(calls: str, ranges: Iterable[Range], *more: int) -> tuple[Op, ...]:
    """Return every one of *calls* for every one of *ranges* (first page, length)."""
    return tuple(Op(call, (*place, *more)) for call in calls.split() for place in ranges)


def ops(*specs: str) -> tuple[Op, ...]:
    """Return ``"mlock 0 2"`` and the like as calls."""
    split = (spec.split() for spec in specs)
    return tuple(Op(call, tuple(int(arg) for arg in args)) for call, *args in split)


def all_protections(ranges: Iterable[Range]) -> tuple[Op, ...]:
    """Return mprotect() to each protection."""
    return tuple(Op("mprotect", (*place, prot)) for prot in range(len(PROTS)) for place in ranges)


STATES = Group(
    "states",
    "Each of the four states of memory into each other, on whole mappings and on parts.",
    3, ((0, 3),),
    each("mlock munlock mpin munpin", ((0, 1), (1, 1), (2, 1), (0, 2), (1, 2), (0, 3))),
    MAPPINGS,
)  # fmt: skip

ONFAULT = Group(
    "onfault",
    "MLOCK_ONFAULT and mlock() of what is pinned or locked on fault.",
    2, ((0, 2),),
    each("mlock mlock_onfault munlock mpin munpin", ((0, 1), (1, 1), (0, 2))),
    MAPPINGS[:2],
)  # fmt: skip

MAPS = Group(
    "maps",
    "Mappings that come and go, over holes and over what is locked or pinned.",
    3, ((0, 3),),
    each("mlock mpin munmap", ((0, 2), (1, 2)))
    + each("munlock munpin munmap map", ((1, 1),))
    + ops("munlock 0 3", "munpin 0 3", "map 0 3", "map_locked 1 2", "fork",
          f"madvise 0 3 {ADVICE.index('dontneed')}", f"madvise 1 1 {ADVICE.index('cold')}"),
    MAPPINGS[:3],
)  # fmt: skip

PROTECT = Group(
    "protect",
    "Protections, among them none at all: what cannot be faulted in.",
    2, ((0, 2),),
    each("mlock munlock mpin munpin", ((0, 1), (0, 2)))
    + all_protections(((0, 1), (0, 2)))
    + ops(f"madvise 0 2 {ADVICE.index('free')}"),
)  # fmt: skip

LIMIT = Group(
    "limit",
    "RLIMIT_MEMLOCK over the sum of both counters, as it changes, with CAP_IPC_LOCK and without.",
    3, ((0, 2),),
    ops("mlock 0 2", "mlock 1 1", "mlock_onfault 0 1", "munlock 0 2", "mpin 0 2", "mpin 0 1",
        "munpin 0 2", "map_locked 2 1", "munmap 1 2", "remap 0 2 3", "remap 0 1 3",
        f"mlockall {MCL_FUTURE}", f"mlockall {MCL_CURRENT}", "munlockall", "map 1 2",
        "limit 0", "limit 2", f"limit {UNLIMITED}", "capability 0", "capability 1"),
    depth=2, limit=2, capable=False, origins=True, horizon=180,
)  # fmt: skip

FUTURE = Group(
    "future",
    "mlockall() and munlockall(), and what is mapped afterwards.",
    2, ((0, 2),),
    ops("mlock 0 1", "mlock_onfault 1 1", "munlock 0 2", "mpin 0 2", "mpin 1 1", "munpin 0 2",
        "map 0 2", "map 1 1", "map_locked 0 1", "munmap 0 1", "fork", "munlockall")
    + tuple(
        Op("mlockall", (bits,))
        for bits in (
            MCL_CURRENT, MCL_FUTURE, MCL_CURRENT | MCL_FUTURE, MCL_FUTURE | MCL_ONFAULT,
            MCL_CURRENT | MCL_ONFAULT, MCL_ONFAULT,
        )
    ),
    depth=2, horizon=110, walks=20,
)  # fmt: skip

REMAP = Group(
    "remap",
    "mremap(): shrink, grow in place and away, move, and leave the mapping behind.",
    9, ((0, 3),),
    ops("mlock 0 2", "mlock 1 1", "munlock 0 3", "munlock 4 2", "mpin 0 2", "mpin 4 1",
        "munpin 0 3", "munpin 4 2", "map 0 3", "munmap 1 1", "munmap 4 4",
        "remap 0 3 2", "remap 0 2 3", "remap 4 2 4", "remap_move 0 2 4", "remap_move 4 2 0",
        "remap_to 0 2 3 4", "remap_to 4 3 1 0", "remap_away 0 2 4 4", "remap_keep 0 2 4",
        "remap_keep 4 2 0"),
    origins=True, horizon=160,
)  # fmt: skip

REMAP_OTHERS = dataclasses.replace(
    REMAP,
    name="remap_others",
    about="mremap() of what is not private and anonymous. Not all trees can leave it behind.",
    ops=tuple(op for op in REMAP.ops if op.call != "remap_keep"),
    kinds=("shared", "file"),
    depth=2,
    horizon=40,
)

HEAP = Group(
    "heap",
    "brk(), under limits and MCL_FUTURE.",
    3, (),
    ops("brk 0", "brk 1", "brk 2", "brk 3", "mlock 0 2", "mlock 0 1", "munlock 0 2", "mpin 0 2",
        "mpin 0 1", "munpin 0 2", f"mlockall {MCL_FUTURE}", f"mlockall {MCL_FUTURE | MCL_ONFAULT}",
        "munlockall", "limit 2", "limit 3", "capability 0", "capability 1"),
    ("heap",), depth=2, horizon=120,
)  # fmt: skip

STACK = Group(
    "stack",
    "A stack that grows by being touched, under limits.",
    6, ((4, 6),),
    ops("touch 3", "touch 2", "touch 0", "mlock 4 2", "mlock 5 1", "mlock_onfault 3 2",
        "munlock 4 2", "mpin 4 2", "mpin 4 1", "munpin 3 3", "munmap 3 2", "limit 3", "limit 6",
        "capability 0", "fork"),
    ("stack",), grows=True, horizon=110,
)  # fmt: skip

HUGETLB = Group(
    "hugetlb",
    "Huge pages: pinned whole and counted in pages of PAGE_SIZE, never counted as locked.",
    1024, ((0, 1024),),
    ops("mlock 0 1024", "munlock 0 512", "mpin 0 1", "mpin 700 3", "mpin 511 2", "mpin 0 1024",
        "munpin 3 1", "munpin 512 512", "munpin 511 2", "munmap 0 512", "munmap 512 512",
        "limit 512", f"limit {UNLIMITED}", "capability 0", "capability 1", "fork"),
    ("hugetlb",), depth=2, walks=20,
)  # fmt: skip

SPECIAL = Group(
    "special",
    "The vdso: mlock() leaves it alone and mpin() refuses it.",
    1, ((0, 1),),
    ops("mlock 0 1", "mlock_onfault 0 1", "munlock 0 1", "mpin 0 1", "munpin 0 1", "limit 1",
        "limit 0", "capability 0", "capability 1", f"mlockall {MCL_FUTURE}", "munlockall", "fork"),
    ("vdso",), depth=2, walks=5,
)  # fmt: skip

PINS = (
    STATES, ONFAULT, MAPS, PROTECT, LIMIT, FUTURE, REMAP, REMAP_OTHERS, HEAP, STACK, HUGETLB,
    SPECIAL,
)  # fmt: skip
"""For a kernel with mpin()."""


def without_pins(group: Group) -> Group:
    """Return *group* without the calls that are new."""
    left = tuple(op for op in group.ops if op.call not in PIN_CALLS)
    return dataclasses.replace(group, ops=left)


LOCKS = tuple(
    dataclasses.replace(without_pins(group), horizon=min(group.horizon, 60), depth=2, walks=20)
    for group in (ONFAULT, MAPS, PROTECT, LIMIT, FUTURE, REMAP, HEAP, STACK)
)
"""For any kernel."""

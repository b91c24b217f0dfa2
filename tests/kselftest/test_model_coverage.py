# SPDX-License-Identifier: GPL-2.0-only
"""What the generated kselftests go through: each change of state, with each way to merge or split.

From each of the four states (pinned, locked) each of the four calls leads to one state, which makes
sixteen transitions. Eight change something; each of those must happen where the range then merges
with what is on its left, on its right, on both sides, and where a mapping is split for it.
"""

from __future__ import annotations

import itertools
from collections import deque
from functools import cache

import pytest

from patchkit.kselftest.behaviour import NEWEST
from patchkit.kselftest.groups import STATES
from patchkit.kselftest.machine import start, unroll
from patchkit.kselftest.model import Process
from patchkit.kselftest.ops import Op

STATE_NAMES = {
    (False, False): "none", (False, True): "locked", (True, False): "pinned", (True, True): "both",
}  # fmt: skip
CALLS = {
    "mlock": lambda pinned, locked: (pinned, True),
    "munlock": lambda pinned, locked: (pinned, False),
    "mpin": lambda pinned, locked: (True, locked),
    "munpin": lambda pinned, locked: (False, locked),
}
SHAPES = ("merges left", "merges right", "merges both", "splits")


def edges(process: Process) -> set[int]:
    """Return where VMAs begin and end."""
    return {page for vma in process.space.vmas for page in (vma.start, vma.end)}


def shape(before: Process, after: Process, op: Op) -> str | None:
    """Return what happened at the ends of the call's range."""
    first, last = op.args[0], op.args[0] + op.args[1]
    gone, new = edges(before) - edges(after), edges(after) - edges(before)
    if {first, last} & new:
        return "splits"
    sides = (first in gone, last in gone)
    return {(True, False): SHAPES[0], (False, True): SHAPES[1], (True, True): SHAPES[2]}.get(sides)


@cache
def seen() -> dict[tuple[str, str], set[str | None]]:
    """Return the shapes by call and state before it, for all transitions of the table."""
    kind = STATES.model_kinds[0]
    table = unroll(STATES)
    at = {0: start(STATES, NEWEST, kind)}
    queue = deque([0])
    found: dict[tuple[str, str], set[str | None]] = {}
    while queue:
        number = queue.popleft()
        for op, entry in zip(STATES.ops, table.states[number].next, strict=True):
            if entry is None:
                continue
            before, after = at[number], at[number].clone()
            op.apply(after, kind)
            if entry[1] not in at:
                at[entry[1]] = after
                queue.append(entry[1])
            states = {
                part.state for part in before.space.within(op.args[0], op.args[0] + op.args[1])
            }
            if len(states) == 1:
                key = (op.call, STATE_NAMES[states.pop()])
                found.setdefault(key, set()).add(shape(before, after, op))
    return found


def test_all_sixteen_transitions_are_tried() -> None:
    assert set(seen()) == set(itertools.product(CALLS, STATE_NAMES.values()))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("state", STATE_NAMES, ids=STATE_NAMES.values())
def test_each_change_merges_and_splits_in_every_way(call: str, state: tuple[bool, bool]) -> None:
    shapes = seen()[call, STATE_NAMES[state]] - {None}
    if CALLS[call](*state) == state:
        assert shapes == set(), "nothing changes, so no VMA may"
    else:
        assert shapes == set(SHAPES)

# SPDX-License-Identifier: GPL-2.0-only
"""Tables of states: that they say what the model says, and that nothing is missing from them."""

from __future__ import annotations

import dataclasses
import itertools
import random
import re
from functools import cache

import pytest

from patchkit.kselftest.behaviour import KNOWN
from patchkit.kselftest.groups import LOCKS, MAPPINGS, PINS, REMAP, STATES, each, ops
from patchkit.kselftest.machine import REST_PAGES, Group, Machine, start, unroll
from patchkit.kselftest.ops import CALLS, PIN_CALLS, Op
from patchkit.kselftest.tables import render

HARNESS_LIMITS = {"states": 512, "ops": 32, "steps": 128}
"""What the arrays of the harness in C hold."""


@cache
def machine(group: Group) -> Machine:
    return unroll(group)


def small(group: Group) -> Group:
    return dataclasses.replace(group, horizon=min(group.horizon, 40))


@pytest.mark.parametrize("group", PINS + LOCKS, ids=lambda group: group.name)
def test_a_walk_through_the_table_is_a_walk_of_the_model(group: Group) -> None:
    table = machine(small(group))
    choose = random.Random(1)
    for behaviour in KNOWN:
        kind = group.model_kinds[-1]
        it, at = start(group, behaviour, kind), 0
        for _ in range(60):
            known = [n for n, entry in enumerate(table.states[at].next) if entry is not None]
            op = choose.choice(known)
            entry = table.states[at].next[op]
            assert entry is not None
            outcome = group.ops[op].apply(it, kind, grows=group.grows)
            at = entry[1]
            state = table.states[at]
            assert outcome.error == entry[0]
            assert outcome.pinned == state.pinned
            assert outcome.locked == state.locked + (REST_PAGES if state.rest else 0)


@pytest.mark.parametrize("group", PINS + LOCKS, ids=lambda group: group.name)
def test_groups_fit_the_harness_and_reach_all_their_states(group: Group) -> None:
    assert group.horizon <= 10_000
    assert len(group.ops) == len(set(group.ops)) <= HARNESS_LIMITS["ops"]
    assert group.walk_length + 8 < HARNESS_LIMITS["steps"]
    table = machine(small(group))
    assert len(table.states) <= HARNESS_LIMITS["states"]
    if not group.origins:
        assert len({state.name for state in table.states}) == len(table.states)
    reached = {0}
    for state in table.states:
        reached |= {entry[1] for entry in state.next if entry is not None}
    assert reached == set(range(len(table.states)))
    for op, called in enumerate(group.ops):
        assert any(state.next[op] is not None for state in table.states), called


def test_groups_for_any_kernel_have_no_new_calls() -> None:
    assert not any(op.call in PIN_CALLS for group in LOCKS for op in group.ops)
    assert {op.call for group in PINS for op in group.ops} == set(CALLS)
    assert len({group.name for group in PINS}) == len(PINS)


def test_all_transitions_with_all_merges_and_splits_are_there() -> None:
    """Each call on each of the four states, with what becomes of the edges on both sides."""
    table = machine(STATES)
    middle = {op.call: n for n, op in enumerate(STATES.ops) if op.args == (1, 1)}
    assert set(middle) == {"mlock", "munlock", "mpin", "munpin"}
    seen = set()
    for state in table.states:
        for call, op in middle.items():
            entry = state.next[op]
            assert entry is not None and entry[0] == 0
            before, after = state.name, table.states[entry[1]].name
            left = (before[0] == before[1], after[0] == after[1])
            right = (before[2] == before[1], after[2] == after[1])
            seen.add((call, before[1], left, right))
    edges = {"mlock": "l", "munlock": "-", "mpin": "p", "munpin": "-"}
    for call, old in itertools.product(edges, "-lpb"):
        new = {
            "mlock": {"-": "l", "p": "b"}, "munlock": {"l": "-", "b": "p"},
            "mpin": {"-": "p", "l": "b"}, "munpin": {"p": "-", "b": "l"},
        }[call].get(old, old)  # fmt: skip
        # Joined or not on either side, before and after: split off, merged with, both, neither.
        shapes = [(True, True), (False, False)]
        if new != old:
            shapes = [(True, False), (False, True), (False, False)]
        for left, right in itertools.product(shapes, shapes):
            assert (call, old, left, right) in seen


def test_what_trees_disagree_on_is_left_out() -> None:
    apart = ops("remap_to 4 1 2 0", "mlock 0 1")  # with nothing at 4: the target goes, or not
    table = unroll(Group("x", "", 5, ((0, 1),), apart))
    assert table.states[0].next[0] is None
    assert table.states[0].next[1] == (0, 1)
    # Each by itself knows.
    for behaviour in KNOWN:
        assert (
            unroll(Group("x", "", 5, ((0, 1),), apart), [behaviour]).states[0].next[0] is not None
        )


def test_states_beyond_the_horizon_are_not_entered() -> None:
    table = unroll(Group("x", "", 3, ((0, 3),), each("mlock", ((0, 1), (1, 1), (2, 1))), horizon=3))
    assert len(table.states) == 3
    assert table.edges < 9


def test_a_call_has_its_arguments() -> None:
    with pytest.raises(ValueError, match="is no call"):
        Op("mlock", (1,))
    with pytest.raises(ValueError, match="is no call"):
        Op("reboot", ())


def test_the_text_says_what_the_machine_does() -> None:
    table = machine(small(REMAP))
    text = render([table], name="some_groups", harness="sequences.h", command="a command")
    assert "SPDX-License-Identifier: GPL-2.0-only" in text.splitlines()[0]
    assert all(len(line.expandtabs(8)) <= 100 or '"' in line for line in text.splitlines())
    rows = re.findall(r'\[(\d+)\] = \{ "([^"]*)", (\d+), (\d+), (\w+),\n\t"([^"]*)" \},', text)
    assert [int(row[0]) for row in rows] == list(range(len(table.states)))
    letters = {"P": 1, "A": 11, "M": 12, "F": 14, "V": 22, "": 0}
    for (number, name, locked, pinned, rest, entries), state in zip(
        rows, table.states, strict=True
    ):
        assert (name, int(locked), int(pinned), rest == "true") == (
            state.name, state.locked, state.pinned, state.rest,
        )  # fmt: skip
        decoded: list[tuple[int, int] | None] = []
        for entry in entries.split():
            match = re.fullmatch(r"([PAMFV]?)(\d+|\.)|x", entry)
            assert match is not None
            if entry == "x":
                decoded.append(None)
                continue
            to = int(number) if match[2] == "." else int(match[2])
            decoded.append((letters[match[1]], to))
        assert decoded == state.next
    for mapping in MAPPINGS[:1]:
        assert f"KIND_{mapping.upper()}" in text

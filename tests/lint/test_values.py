# SPDX-License-Identifier: GPL-2.0-only
"""The algebra of canonical values, conditions and units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchkit.lint import algebra
from patchkit.lint.algebra import PAGE_SHIFT, PAGE_SIZE, apply, binary, unary
from patchkit.lint.conditions import compare, truth
from patchkit.lint.units import unit
from patchkit.lint.values import (
    ONE,
    ZERO,
    Value,
    address,
    deref,
    field,
    limit_of,
    named,
    number,
    parameter,
)

N = parameter("n", "unsigned long", 1)
LEN = parameter("len", "unsigned long", 2)
START = parameter("start", "unsigned long", 3)
MM = parameter("mm", "struct mm_struct *", 4)
VMA = parameter("vma", "struct vm_area_struct *", 5)
END_FIELD = field(VMA, "vm_area_struct", "vm_end")
START_FIELD = field(VMA, "vm_area_struct", "vm_start")
PAGE_MASK = -PAGE_SIZE


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (binary(">>", LEN, PAGE_SHIFT), binary("/", LEN, PAGE_SIZE)),
        (binary(">>", LEN, PAGE_SHIFT), apply("PFN_DOWN", (LEN,))),
        (binary(">>", LEN + PAGE_SIZE - ONE, PAGE_SHIFT), apply("PFN_UP", (LEN,))),
        (apply("DIV_ROUND_UP", (LEN, PAGE_SIZE)), apply("PFN_UP", (LEN,))),
        (binary(">>", apply("PAGE_ALIGN", (LEN,)), PAGE_SHIFT), apply("PFN_UP", (LEN,))),
        (binary("<<", N, PAGE_SHIFT), N * PAGE_SIZE),
        (binary("/", N * PAGE_SIZE, PAGE_SIZE), N),
        (binary("&", LEN, unary("~", PAGE_MASK)), apply("offset_in_page", (LEN,))),
        (binary("&", LEN, PAGE_MASK), apply("ALIGN_DOWN", (LEN, PAGE_SIZE))),
        (
            binary(">>", END_FIELD - START_FIELD, PAGE_SHIFT),
            binary(">>", END_FIELD, PAGE_SHIFT) - binary(">>", START_FIELD, PAGE_SHIFT),
        ),
        (
            binary(
                ">>",
                apply("PAGE_ALIGN", (LEN + apply("offset_in_page", (START,)),)),
                PAGE_SHIFT,
            ),
            apply("PFN_UP", (LEN + START,)) - apply("PFN_DOWN", (START,)),
        ),
        (apply("min", (N, LEN)), apply("min", (LEN, N))),
        (binary("<<", ONE, PAGE_SHIFT), PAGE_SIZE),
    ],
)
def test_two_ways_to_write_the_same_are_equal(left: Value, right: Value) -> None:
    assert left == right
    assert hash(left) == hash(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (apply("PFN_UP", (LEN,)), apply("PFN_DOWN", (LEN,))),
        (N, N * PAGE_SIZE),
        (N + ONE, N),
        (apply("min", (N, LEN)), apply("max", (N, LEN))),
    ],
)
def test_different_amounts_differ(left: Value, right: Value) -> None:
    assert left != right


def test_texts_without_names_do_not_depend_on_names() -> None:
    other = parameter("umem", "struct ib_umem *", 1)
    same = parameter("region", "struct ib_umem *", 1)
    left = field(other, "ib_umem", "npages") + N
    right = field(same, "ib_umem", "npages") + parameter("count", "unsigned long", 1)
    assert left.typed == right.typed
    assert left.placed == "#1 + ib_umem.npages"


def test_the_address_of_what_a_pointer_points_to_is_the_pointer() -> None:
    assert address(deref(MM)) == MM
    assert deref(address(END_FIELD)) == END_FIELD


@pytest.mark.parametrize("relation", ["==", "!=", "<", "<=", ">", ">="])
def test_conditions_have_one_form(relation: str) -> None:
    mirrored = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(relation, relation)
    condition = compare(N, relation, LEN)
    assert condition == compare(LEN, mirrored, N)
    assert condition.negated().negated() == condition
    assert truth(unary("!", algebra.test(condition))) == condition.negated()
    assert condition.excludes(condition.negated())


def test_a_bound_implies_weaker_ones() -> None:
    assert compare(N, "<", ZERO).implies(truth(N))
    assert compare(N, "==", ZERO).excludes(compare(N, "<", ZERO))
    assert compare(N, ">", number(3)).implies(compare(N, ">=", number(2)))
    assert not compare(N, ">", number(3)).implies(compare(N, ">", number(5)))


def test_flags_are_looked_into() -> None:
    flags = parameter("flags", "unsigned long", 6)
    locked, io = named("VM_LOCKED"), named("VM_IO")
    assert binary("&", binary("|", flags, locked), locked) != ZERO
    assert binary("&", binary("&", flags, unary("~", locked)), locked) == ZERO
    assert binary("&", binary("|", flags, io), locked) == binary("&", flags, locked)


def test_units() -> None:
    counter = field(MM, "mm_struct", "locked_vm")
    limit = limit_of("RLIMIT_MEMLOCK", "rlimit", ())
    assert unit(counter).name == "pages"
    assert unit(limit).name == "bytes"
    assert unit(binary(">>", limit, PAGE_SHIFT)).name == "pages"
    assert unit(counter + limit).name == "mixed"
    assert unit(N * PAGE_SIZE).name == "bytes"
    assert not unit(LEN).sure
    assert unit(number(3)).name == "number"


@given(st.lists(st.tuples(st.sampled_from([N, LEN, START]), st.integers(-5, 5)), max_size=8))
def test_sums_do_not_depend_on_the_order(terms: list[tuple[Value, int]]) -> None:
    forward, backward = ZERO, ZERO
    for value, factor in terms:
        forward += value * number(factor)
    for value, factor in reversed(terms):
        backward += number(factor) * value
    assert forward == backward
    assert (forward - backward).zero

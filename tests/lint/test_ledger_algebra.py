# SPDX-License-Identifier: GPL-2.0-only
"""The ledger's sums: substitution, equalities of a path, and replayed conditions."""

from __future__ import annotations

from patchkit.lint import algebra, ledger_algebra
from patchkit.lint.conditions import compare, truth
from patchkit.lint.ledger_algebra import Equalities, decided, members, replaced, replayed, vague
from patchkit.lint.values import ZERO, Value, allocated, field, number, parameter, result_of

NPAGES = parameter("npages", "unsigned long", 1)
LENGTH = parameter("length", "size_t", 2)
BUFFER = parameter("buffer", "struct buffer *", 1)
PINNED = result_of("pin_user_pages", (NPAGES,), "#1", "long")


def _length(base: Value = BUFFER) -> Value:
    return field(base, "buffer", "length", "size_t")


def test_a_member_is_replaced_inside_an_operation() -> None:
    pages = algebra.pages_up(_length())
    assert replayed(pages, {"buffer.length": LENGTH}) == algebra.pages_up(LENGTH)


def test_nothing_changes_without_a_match() -> None:
    pages = algebra.pages_up(_length())
    assert replayed(pages, {"buffer.other": LENGTH}) is pages


def test_what_became_a_constant_is_folded() -> None:
    pages = algebra.pages_up(_length()) + NPAGES
    assert replayed(pages, {"buffer.length": ZERO}) == NPAGES


def test_a_member_of_a_replaced_base_is_replaced_too() -> None:
    inner = field(field(BUFFER, "buffer", "mm", "struct mm_struct *"), "mm_struct", "owner", "int")
    assert replaced(inner, lambda atom: ZERO if atom.name == "owner" else None) == ZERO


def test_members_are_found_at_any_depth() -> None:
    assert members(algebra.pages_up(_length()) + NPAGES) == {"buffer.length"}


def test_equalities_reduce_a_difference_to_zero() -> None:
    equal = Equalities((compare(PINNED, "==", NPAGES),))
    assert equal.same(PINNED, NPAGES)
    assert not equal.same(PINNED + number(1), NPAGES)


def test_equalities_chain() -> None:
    third = parameter("third", "long", 3)
    equal = Equalities((compare(PINNED, "==", NPAGES), compare(third, "==", PINNED)))
    assert equal.same(third, NPAGES)


def test_an_inequality_says_nothing_about_sums() -> None:
    assert not Equalities((compare(PINNED, "<=", NPAGES),)).same(PINNED, NPAGES)


def test_conditions_are_decided_in_the_state_of_a_charge() -> None:
    test = truth(_length())
    assert decided(test, {"buffer.length": ZERO}, ()) is False
    assert decided(test, {"buffer.length": number(4096)}, ()) is True
    assert decided(test, {"buffer.length": LENGTH}, ()) is None
    assert decided(test, {"buffer.length": LENGTH}, (truth(LENGTH),)) is True


def test_a_new_object_is_no_null_pointer() -> None:
    buffer = allocated("kzalloc", "#1", "struct buffer *")
    holder = field(parameter("holder", "struct holder *", 1), "holder", "buffer", "struct buffer *")
    assert decided(truth(holder), {"holder.buffer": buffer}, ()) is True
    assert decided(truth(holder).negated(), {"holder.buffer": buffer}, ()) is False


def test_the_same_test_on_both_sides_decides() -> None:
    device = parameter("v", "struct vdpa *", 1)
    other = parameter("w", "struct vdpa *", 2)
    mine = truth(field(device, "vdpa", "use_va", "bool"))
    theirs = truth(field(other, "vdpa", "use_va", "bool"))
    assert decided(mine, {}, (theirs,)) is True
    assert decided(mine, {}, (theirs.negated(),)) is False


def test_sums_over_loops_are_vague() -> None:
    assert vague(algebra.sum_of(PINNED, "loop"))
    assert not vague(PINNED + NPAGES)


def test_places_name_the_struct() -> None:
    atom = _length().atom
    assert atom is not None
    assert ledger_algebra.place(atom) == "buffer.length"

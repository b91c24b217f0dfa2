# SPDX-License-Identifier: GPL-2.0-only
"""What is charged by a class of flags, and functions that only tell the class."""

from __future__ import annotations

import pytest

from patchkit.lint.classifying import enumerators
from tests.lint.analysed import analysis_of, shape

CLASSES = """
enum charge { CHARGE_NONE, /* zero */ CHARGE_LOCKED, CHARGE_PINNED };

static inline enum charge charge_class(unsigned long flags)
{
        if (flags & VM_PINNED)
                return CHARGE_PINNED;
        if (flags & VM_LOCKED)
                return CHARGE_LOCKED;
        return CHARGE_NONE;
}

static inline void charge(struct mm_struct *mm, enum charge class, long n)
{
        switch (class) {
        case CHARGE_LOCKED:
                mm->locked_vm += n;
                break;
        case CHARGE_PINNED:
                atomic64_add(n, &mm->pinned_vm);
                break;
        case CHARGE_NONE:
                break;
        }
}

static inline void account(struct mm_struct *mm, unsigned long before, unsigned long after, long n)
{
        enum charge old = charge_class(before);
        enum charge new = charge_class(after);

        if (old == new)
                return;
        charge(mm, new, n);
        charge(mm, old, -n);
}
"""
NONE: tuple[str, ...] = ()
LOCKED, PINNED = "mm.locked_vm mm n", "mm.pinned_vm mm n"
MOVES = [
    ("0", "0", NONE),
    ("0", "VM_LOCKED", (LOCKED,)),
    ("0", "VM_PINNED | VM_LOCKED", (PINNED,)),
    ("VM_LOCKED", "VM_LOCKED | VM_READ", NONE),
    ("VM_LOCKED", "VM_PINNED | VM_LOCKED", (PINNED, "mm.locked_vm mm -n")),
    ("VM_PINNED", "VM_PINNED | VM_LOCKED", NONE),
    ("VM_PINNED", "VM_LOCKED", (LOCKED, "mm.pinned_vm mm -n")),
    ("VM_PINNED", "VM_NONE", ("mm.pinned_vm mm -n",)),
]


@pytest.mark.parametrize(("before", "after", "moved"), MOVES)
def test_a_class_is_followed_through_helpers(
    before: str, after: str, moved: tuple[str, ...]
) -> None:
    text = f"void f(struct mm_struct *mm, long n) {{ account(mm, {before}, {after}, n); }}"
    analysis = analysis_of(a=CLASSES + text)
    found = analysis.function("f")
    assert (shape(found) if found is not None else set()) in ({("void", moved)}, set())
    assert found is not None or not moved


def test_what_was_charged_by_a_class_is_given_back_by_it() -> None:
    text = """
    int f(struct mm_struct *mm, unsigned long flags, long n)
    {
            account(mm, 0, flags, n);
            if (fails()) {
                    account(mm, flags, 0, n);
                    return -ENOMEM;
            }
            return 0;
    }
    """
    found = analysis_of(a=CLASSES + text).function("f")
    assert found is not None
    for path in found.paths:
        assert path.outcome != "failure" or not path.net(), path.events


def test_a_class_is_zero_or_not() -> None:
    text = """
    void f(struct mm_struct *mm, long n)
    {
            if (charge_class(VM_LOCKED))
                    mm->locked_vm += n;
            if (charge_class(VM_READ))
                    mm->locked_vm += n;
    }
    """
    found = analysis_of(a=CLASSES + text).function("f")
    assert found is not None
    assert shape(found) == {("void", (LOCKED,))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"enum e { A, B = 4, C, D = B, E };", {"A": 0, "B": 4, "C": 5, "D": 4, "E": 5}),
        (b"enum { A, /* no, it is not B */ B, // C,\n D,\n};", {"A": 0, "B": 1, "D": 2}),
        (b"enum { A = BIT(1), B, C = 0x10, D };", {"C": 16, "D": 17}),
        (b"enum { A,\n#ifdef X\nB,\n#endif\nC };", {}),
        (b"enum e f(enum e x) { return x; }", {}),
    ],
)
def test_enumerators(text: bytes, expected: dict[str, int]) -> None:
    assert enumerators(text) == expected

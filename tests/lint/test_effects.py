# SPDX-License-Identifier: GPL-2.0-only
"""Functions of the kernel that are known by name."""

from __future__ import annotations

import pytest

from patchkit.lint.effects import atomic_operation, flag_name, load_effects
from patchkit.lint.events import Capability, Flag, Get, Init, Lock, Put
from tests.lint.analysed import charges, function_of


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("atomic64_add", "add"),
        ("atomic_long_read", "read"),
        ("atomic_long_try_cmpxchg", "try_cmpxchg"),
        ("atomic64_sub_return_relaxed", "sub_return"),
        ("atomic_inc", "inc"),
        ("atomic_frobnicate", None),
        ("add", None),
    ],
)
def test_atomic_operations(name: str, operation: str | None) -> None:
    assert atomic_operation(name) == operation


def test_flags_have_one_name() -> None:
    assert flag_name("VMA_LOCKED_BIT") == flag_name("VM_LOCKED") == "VM_LOCKED"


def test_patterns_match_whole_names() -> None:
    effects = load_effects()
    assert "pin_user_pages_fast" in effects.pins
    assert "my_pin_user_pages" not in effects.pins


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("atomic64_add(n, &mm->pinned_vm);", ["mm.pinned_vm mm n"]),
        ("atomic64_sub(n, &mm->pinned_vm);", ["mm.pinned_vm mm -n"]),
        ("atomic64_inc(&mm->pinned_vm);", ["mm.pinned_vm mm 1"]),
        ("mm->locked_vm += n;", ["mm.locked_vm mm n"]),
        ("mm->locked_vm--;", ["mm.locked_vm mm -1"]),
        ("mm->locked_vm = mm->locked_vm - n;", ["mm.locked_vm mm -n"]),
        ("unsigned long l = mm->locked_vm; mm->locked_vm = l + n;", ["mm.locked_vm mm n"]),
        ("atomic64_t *c = &mm->pinned_vm; atomic64_add(n, c);", ["mm.pinned_vm mm n"]),
        (
            "atomic64_set(&mm->pinned_vm, atomic64_read(&mm->pinned_vm) + n);",
            ["mm.pinned_vm mm n"],
        ),
        ("WRITE_ONCE(mm->locked_vm, READ_ONCE(mm->locked_vm) + n);", ["mm.locked_vm mm n"]),
    ],
)
def test_ways_to_charge(statement: str, expected: list[str]) -> None:
    function = function_of(f"void f(struct mm_struct *mm, unsigned long n) {{ {statement} }}")
    assert [charges(path) for path in function.paths] == [expected]


def test_overwriting_is_no_charge() -> None:
    function = function_of("void f(struct mm_struct *mm) { mm->locked_vm = 0; }")
    events = function.paths[0].events
    assert [type(each) for each in events] == [Init]


def test_a_charge_by_exchange_is_made_only_if_it_succeeds() -> None:
    function = function_of(
        """
        int f(struct user_struct *user, unsigned long n)
        {
                unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT, cur, new;
                cur = atomic_long_read(&user->locked_vm);
                do {
                        new = cur + n;
                        if (new > limit)
                                return -ENOMEM;
                } while (!atomic_long_try_cmpxchg(&user->locked_vm, &cur, new));
                return 0;
        }
        """
    )
    found = {(path.outcome, tuple(charges(path))) for path in function.paths}
    assert found == {("failure", ()), ("success", ("user.locked_vm user n",))}


def test_locks_references_and_flags_are_events() -> None:
    function = function_of(
        """
        int f(struct mm_struct *mm, struct vm_area_struct *vma)
        {
                if (mmap_write_lock_killable(mm))
                        return -EINTR;
                mmgrab(mm);
                vm_flags_set(vma, VM_LOCKED);
                mm->locked_vm++;
                mmap_write_unlock(mm);
                mmdrop(mm);
                return 0;
        }
        """
    )
    good = next(path for path in function.paths if path.outcome == "success")
    kinds = [type(each) for each in good.events if not isinstance(each, Capability)]
    assert [each for each in kinds if each in (Lock, Get, Flag, Put)] == [
        Lock,
        Get,
        Flag,
        Lock,
        Put,
    ]
    bad = next(path for path in function.paths if path.outcome == "failure")
    assert not any(isinstance(each, Lock) for each in bad.events)

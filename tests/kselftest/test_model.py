# SPDX-License-Identifier: GPL-2.0-only
"""What is documented about mlock(), mpin() and their kin, held against the model."""

from __future__ import annotations

from collections.abc import Callable
from errno import EAGAIN, EFAULT, EINVAL, ENOMEM, EPERM

import pytest

from patchkit.kselftest.behaviour import OLDEST
from patchkit.kselftest.model import Outcome, Process, Unpredictable
from patchkit.kselftest.vma import CHARGES, Kind, State, Vma

NONE: State = (False, False)
LOCKED: State = (False, True)
PINNED: State = (True, False)
BOTH: State = (True, True)
STATES = (NONE, LOCKED, PINNED, BOTH)


def process(
    pages: int = 8, *, limit: int | None = None, capable: bool = True, kind: Kind = Kind.ANON
) -> Process:
    return Process((Vma(0, pages, kind),), limit=limit, capable=capable)


def user(pages: int = 8, limit: int | None = 4) -> Process:
    return process(pages, limit=limit, capable=False)


def enter(it: Process, state: State, start: int, pages: int) -> None:
    pinned, locked = state
    (it.mpin if pinned else it.munpin)(start, pages)
    (it.mlock if locked else it.munlock)(start, pages)


def counters(it: Process) -> tuple[int, int]:
    return it.space.locked_vm, it.space.pinned_vm


@pytest.mark.parametrize("new", STATES, ids=str)
@pytest.mark.parametrize("old", STATES, ids=str)
def test_the_table_moves_each_page_from_its_old_class_to_its_new_one(
    old: State, new: State
) -> None:
    def charge(state: State) -> tuple[int, int]:
        pinned, locked = state
        return (1, 0) if pinned else (0, int(locked))

    before, after = charge(old), charge(new)
    assert CHARGES[old][new] == (after[0] - before[0], after[1] - before[1])


@pytest.mark.parametrize("new", STATES, ids=str)
@pytest.mark.parametrize("old", STATES, ids=str)
@pytest.mark.parametrize("neighbours", STATES, ids=str)
def test_every_state_leads_to_every_other(old: State, new: State, neighbours: State) -> None:
    it = process(3)
    enter(it, neighbours, 0, 3)
    enter(it, old, 1, 1)
    locked, pinned = counters(it)
    enter(it, new, 1, 1)
    more_pinned, more_locked = CHARGES[old][new]
    assert counters(it) == (locked + more_locked, pinned + more_pinned)
    vma = it.space.at(1)
    assert vma is not None and vma.state == new


@pytest.mark.parametrize(
    ("call", "locked", "pinned"),
    [
        (lambda it: it.mlock(0, 4), 6, 2),
        (lambda it: it.munlock(0, 8), 0, 2),
        (lambda it: it.mpin(0, 4), 4, 4),
        (lambda it: it.munpin(0, 8), 5, 0),
        (lambda it: it.mlockall(current=True), 6, 2),
        (lambda it: it.munlockall(), 0, 2),
        (lambda it: it.munmap(1, 6), 1, 0),
        (lambda it: it.mmap(3, 3), 2, 1),
        (lambda it: it.mmap(3, 3, locked=True), 5, 1),
        (lambda it: it.mprotect(0, 8, "r"), 4, 2),
        (lambda it: it.exit(), 0, 0),
    ],
)
def test_calls_over_memory_in_all_four_states(
    call: Callable[[Process], Outcome], locked: int, pinned: int
) -> None:
    # --PBLLLL: two pages of nothing, one pinned, one pinned and locked, four locked.
    it = process(8)
    it.mlock(3, 5)
    it.mpin(2, 2)
    assert counters(it) == (4, 2)
    assert call(it) == Outcome(0, locked, pinned)


@pytest.mark.parametrize(
    ("limit", "call", "error"),
    [
        (0, lambda it: it.mlock(0, 1), EPERM),
        (0, lambda it: it.mlock(20, 1), EPERM),  # before the hole is seen
        (0, lambda it: it.mpin(0, 1), EPERM),
        (0, lambda it: it.mmap(0, 1, locked=True), EPERM),
        (0, lambda it: it.mlockall(future=True), EPERM),
        (0, lambda it: it.mlockall(), EINVAL),  # before the limit is looked at
        (0, lambda it: it.mlockall(onfault=True), EINVAL),
        (0, lambda it: it.mmap(0, 1), 0),
        (0, lambda it: it.munlock(0, 1), 0),
        (0, lambda it: it.munpin(0, 1), 0),
        (4, lambda it: it.mlock(0, 5), ENOMEM),
        (4, lambda it: it.mpin(0, 5), ENOMEM),
        (4, lambda it: it.mpin(6, 5), ENOMEM),  # the hole counts, too
        (4, lambda it: it.mmap(0, 5, locked=True), EAGAIN),
        (4, lambda it: it.mlockall(current=True), ENOMEM),
        (4, lambda it: it.mlockall(future=True), 0),
        (4, lambda it: it.mlock(0, 4), 0),
        (4, lambda it: it.mpin(0, 4), 0),
        (4, lambda it: it.mmap(0, 0), EINVAL),
        (4, lambda it: it.munmap(0, 0), EINVAL),
        (4, lambda it: it.mlock(0, 0), 0),
        (0, lambda it: it.mlock(0, 0), EPERM),
        (0, lambda it: it.mpin(0, 0), 0),
    ],
)
def test_errors_and_the_order_that_they_are_looked_for_in(
    limit: int, call: Callable[[Process], Outcome], error: int
) -> None:
    it = user(limit=limit)
    outcome = call(it)
    assert outcome.error == error
    if error:
        assert (outcome.locked, outcome.pinned) == (0, 0)


def test_one_limit_for_the_sum() -> None:
    it = user(limit=4)
    assert it.mpin(0, 2).error == 0
    assert it.mlock(2, 3).error == ENOMEM
    assert it.mlock(0, 4) == Outcome(0, 2, 2)
    # What is charged already does not count again, for whichever of the two.
    assert it.mpin(0, 4) == Outcome(0, 0, 4)
    assert it.mlock(0, 4) == Outcome(0, 0, 4)
    assert it.mlock(0, 5).error == ENOMEM


def test_a_limit_that_is_lowered_takes_nothing_away() -> None:
    it = user(limit=4)
    it.mlock(0, 4)
    assert it.setrlimit(2) == Outcome(0, 4, 0)
    assert it.mlock(0, 4).error == ENOMEM
    assert it.mpin(0, 1).error == ENOMEM
    assert it.capability(True).error == 0
    assert it.mpin(0, 1) == Outcome(0, 3, 1)


def test_calls_that_fail_half_way_have_done_half() -> None:
    it = process(4)
    it.munmap(2, 1)
    assert it.mlock(0, 4) == Outcome(ENOMEM, 2, 0)
    assert it.mpin(0, 4) == Outcome(ENOMEM, 2, 0)
    assert it.munlock(1, 3) == Outcome(ENOMEM, 1, 0)
    assert it.munpin(0, 4) == Outcome(ENOMEM, 1, 0)
    assert it.mprotect(0, 4, "none").error == ENOMEM
    assert it.mlock(0, 2) == Outcome(ENOMEM, 2, 0)  # nothing to fault in, and locked all the same
    assert it.mpin(0, 2) == Outcome(EINVAL, 2, 0)


def test_lock_on_fault_of_inaccessible_memory_depends_on_the_tree() -> None:
    for behaviour, error in ((OLDEST, ENOMEM), (process().behaviour, 0)):
        it = Process((Vma(0, 1, prot="none"),), behaviour=behaviour)
        assert it.mlock(0, 1, onfault=True) == Outcome(error, 1, 0)


def test_advice_about_locked_and_pinned_memory_is_refused() -> None:
    it = process(4)
    assert it.madvise(0, 4, "dontneed").error == 0
    it.mpin(0, 1)
    it.mlock(2, 1)
    for advice in ("dontneed", "cold", "free"):
        assert it.madvise(0, 2, advice).error == EINVAL
        assert it.madvise(1, 3, advice).error == EINVAL
        assert it.madvise(3, 2, advice).error == ENOMEM
    assert counters(it) == (1, 1)
    driver = process(4)
    driver.kernel_pin(0, 1)
    assert driver.madvise(0, 4, "cold").error == EINVAL
    with pytest.raises(Unpredictable):
        driver.madvise(0, 4, "dontneed")
    shared = process(kind=Kind.SHARED)
    assert shared.madvise(0, 1, "free").error == EINVAL
    with pytest.raises(Unpredictable):
        process(kind=Kind.SPECIAL).madvise(0, 1, "dontneed")


@pytest.mark.parametrize("kind", [Kind.HUGETLB, Kind.SPECIAL])
def test_what_cannot_be_locked_is_left_alone(kind: Kind) -> None:
    it = process(512, kind=kind)
    assert it.mlock(0, 512) == Outcome(0, 0, 0)
    assert it.mlockall(current=True) == Outcome(0, 0, 0)
    assert it.mpin(0, 1) == (Outcome(0, 0, 512) if kind is Kind.HUGETLB else Outcome(EINVAL, 0, 0))


def test_huge_pages_are_pinned_and_counted_whole() -> None:
    it = process(1024, kind=Kind.HUGETLB)
    assert it.mpin(511, 2).pinned == 1024
    assert it.munpin(600, 1).pinned == 512
    limited = Process((Vma(0, 1024, Kind.HUGETLB),), limit=600, capable=False)
    assert limited.mpin(0, 1).pinned == 512
    assert limited.mpin(512, 1).error == ENOMEM


def test_future_mappings() -> None:
    it = user(limit=4)
    it.mlockall(future=True, onfault=True)
    assert it.mmap(8, 2) == Outcome(0, 2, 0)
    vma = it.space.at(8)
    assert vma is not None and vma.onfault
    assert it.brk(2) == Outcome(0, 4, 0)
    assert it.brk(3) == Outcome(ENOMEM, 4, 0)
    assert it.mmap(10, 1).error == EAGAIN
    assert it.brk(0) == Outcome(0, 2, 0)
    assert it.mpin(8, 2) == Outcome(0, 0, 2)
    it.munlockall()
    assert it.mmap(10, 1) == Outcome(0, 0, 2)


def test_the_heap_grows_by_what_is_not_pinned_and_stops_at_mappings() -> None:
    it = Process(heap=100)
    it.brk(2)
    it.mpin(100, 2)
    assert it.brk(4) == Outcome(0, 0, 2)
    it.mmap(106, 1)
    assert it.brk(7).error == ENOMEM
    assert it.brk(1).pinned == 1


def test_stacks_grow_by_their_own_kind_within_the_limit() -> None:
    it = Process((Vma(10, 12, grows=True),), limit=4, capable=False)
    assert it.touch(11).error == 0
    assert it.mpin(10, 2) == Outcome(0, 0, 2)
    assert it.touch(9) == Outcome(0, 0, 3)
    assert it.touch(7) == Outcome(EFAULT, 0, 3)
    assert it.munpin(9, 3) == Outcome(0, 0, 0)
    assert it.touch(2) == Outcome(0, 0, 0)
    it.mmap(0, 1)
    assert it.touch(1).error == EFAULT  # the guard gap
    assert it.touch(20).error == EFAULT
    it.mprotect(2, 10, "r")
    assert it.touch(5).error == EFAULT
    it.munmap(0, 1)
    with pytest.raises(Unpredictable):
        it.touch(1)


def test_kernel_pins_nest_and_outlive_munpin() -> None:
    it = process(8)
    assert it.kernel_pin(0, 4).pinned == 4
    assert it.kernel_pin(2, 4).pinned == 6
    assert it.munpin(0, 8).pinned == 6
    assert it.kernel_unpin(0, 4).pinned == 4
    assert it.kernel_unpin(0, 4) == Outcome(EINVAL, 0, 4)
    assert it.kernel_unpin(2, 4).pinned == 0
    assert it.kernel_pin(7, 2).error == ENOMEM
    it.mprotect(0, 1, "none")
    assert it.kernel_pin(0, 1).error == 0  # counted; whether it can be had is for others to say
    assert user(limit=0).kernel_pin(0, 1).error == EPERM
    with pytest.raises(Unpredictable):
        process(kind=Kind.SPECIAL).kernel_pin(0, 1)


def test_a_child_has_nothing_locked_or_pinned_and_its_parent_keeps_all() -> None:
    it = user(limit=4)
    it.mlock(0, 2)
    it.mpin(1, 2)
    it.mlockall(future=True)
    child = it.fork()
    assert counters(child) == (0, 0)
    assert counters(it) == (1, 2)
    assert child.mmap(20, 2).locked == 0
    assert child.mlock(0, 4).error == 0
    assert child.mlock(4, 1).error == ENOMEM
    assert counters(it) == (1, 2)

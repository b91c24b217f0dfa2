# SPDX-License-Identifier: GPL-2.0-only
"""mremap(), in each of the forms that trees have it in."""

from __future__ import annotations

from errno import EAGAIN, EFAULT, EINVAL, ENOMEM

import pytest

from patchkit.kselftest.behaviour import FOUND, KNOWN, NEWEST, OLDEST, Behaviour
from patchkit.kselftest.model import Outcome, Process, Unpredictable
from patchkit.kselftest.vma import Kind, Vma

anywhere = pytest.mark.parametrize("behaviour", KNOWN, ids=["oldest", "found", "newest"])


def process(behaviour: Behaviour = NEWEST, **more: int | bool | None) -> Process:
    """Return one with four pages, of which the first two are locked and the next two pinned."""
    it = Process((Vma(0, 4),), behaviour=behaviour)
    it.mlock(0, 2)
    it.mpin(2, 2)
    for name, value in more.items():
        setattr(it, name, value)
    return it


@anywhere
def test_what_grows_is_charged_like_what_is_there(behaviour: Behaviour) -> None:
    assert process(behaviour).mremap(2, 2, 5) == Outcome(0, 2, 5)
    assert process(behaviour).mremap(0, 2, 3) == Outcome(ENOMEM, 2, 2)
    assert process(behaviour).mremap(0, 2, 3, elsewhere=10) == Outcome(0, 3, 2)
    assert process(behaviour).mremap(0, 2, 3, to=10) == Outcome(0, 3, 2)
    assert process(behaviour).mremap(3, 1, 4, to=10) == Outcome(0, 2, 5)


@anywhere
def test_what_grows_is_held_against_the_limit(behaviour: Behaviour) -> None:
    it = process(behaviour, limit=5, capable=False)
    assert it.mremap(2, 2, 4) == Outcome(EAGAIN, 2, 2)
    assert it.mremap(0, 2, 4, elsewhere=10) == Outcome(EAGAIN, 2, 2)
    assert it.mremap(0, 2, 3, elsewhere=10) == Outcome(0, 3, 2)
    it.munlockall()
    assert it.mremap(10, 3, 20).error == 0


def test_shrinking_what_is_not_there_is_an_error_in_some_trees() -> None:
    assert process(OLDEST).mremap(9, 2, 1).error == 0
    assert process(FOUND).mremap(9, 2, 1).error == EFAULT
    assert process(NEWEST).mremap(9, 2, 2).error == EFAULT


@anywhere
def test_shrinking_unmaps_whatever_is_there(behaviour: Behaviour) -> None:
    assert process(behaviour).mremap(0, 4, 1) == Outcome(0, 1, 0)
    assert process(behaviour).mremap(2, 9, 1) == Outcome(0, 2, 1)
    assert process(behaviour).mremap(0, 2, 1, to=10) == Outcome(0, 1, 2)


@anywhere
def test_moving_keeps_the_charge_and_removes_the_target(behaviour: Behaviour) -> None:
    it = process(behaviour)
    assert it.mremap(0, 1, 1, to=10) == Outcome(0, 2, 2)
    assert it.mremap(10, 1, 1, to=2) == Outcome(0, 2, 1)
    assert it.space.at(10) is None and it.space.at(0) is None


@anywhere
def test_what_dontunmap_leaves_is_neither_locked_nor_pinned(behaviour: Behaviour) -> None:
    it = process(behaviour)
    assert it.mremap(2, 2, 2, to=10, keep=True) == Outcome(0, 2, 2)
    assert it.mremap(1, 1, 1, to=20, keep=True) == Outcome(0, 2, 2)
    assert [vma.state for vma in it.space.within(1, 4)] == [(False, False)] * 2


@anywhere
def test_arguments_that_make_no_sense_change_nothing(behaviour: Behaviour) -> None:
    it = process(behaviour)
    for start, old, new, to, keep in (
        (0, 1, 0, None, False),
        (0, 1, 2, 10, True),
        (0, 2, 2, 1, False),
    ):
        assert it.mremap(start, old, new, to=to, keep=keep) == Outcome(EINVAL, 2, 2)
    assert it.mremap(9, 1, 2) == Outcome(EFAULT, 2, 2)
    assert it.mremap(0, 3, 5) == Outcome(EFAULT, 2, 2)


def test_whether_the_target_has_gone_when_a_move_fails() -> None:
    # The move reaches beyond its VMA, and pages 2 and 3 are in the way.
    assert process(OLDEST).mremap(0, 2, 3, to=2).error == 0
    for behaviour, pinned in ((OLDEST, 1), (FOUND, 1), (NEWEST, 2)):
        it = process(behaviour)
        it.munmap(1, 1)
        assert it.mremap(0, 2, 3, to=3) == Outcome(EFAULT, 1, pinned)
    for behaviour, pinned in ((OLDEST, 1), (FOUND, 2), (NEWEST, 2)):
        assert process(behaviour).mremap(9, 1, 2, to=2).pinned == (
            0 if behaviour is OLDEST else pinned
        )


def test_several_mappings_move_at_once_where_the_tree_can() -> None:
    assert process(OLDEST).mremap(0, 4, 4, to=10) == Outcome(EFAULT, 2, 2)
    assert process(FOUND).mremap(0, 4, 4, to=10) == Outcome(EFAULT, 2, 2)
    it = process(NEWEST)
    it.munmap(1, 1)
    it.mmap(11, 1, locked=True)
    assert it.mremap(0, 4, 4, to=10) == Outcome(0, 2, 2)
    assert [vma.start for vma in it.space.vmas] == [10, 11, 12]
    assert it.mremap(0, 4, 4, to=20) == Outcome(EFAULT, 2, 2)


def test_kinds_that_dontunmap_takes() -> None:
    for behaviour, error in ((OLDEST, EINVAL), (NEWEST, 0)):
        it = Process((Vma(0, 1, Kind.SHARED),), behaviour=behaviour)
        assert it.mremap(0, 1, 1, to=5, keep=True).error == error
    special = Process((Vma(0, 1, Kind.SPECIAL),))
    assert special.mremap(0, 1, 1, to=5, keep=True).error == EINVAL
    assert special.mremap(0, 1, 2).error == EFAULT


@pytest.mark.parametrize(
    ("start", "old", "new", "more"),
    [
        (0, 0, 1, {}),
        (0, 1, 1, {"keep": True}),
        (0, 6, 8, {}),  # across a seam: two mappings that look alike
        (4, 2, 9, {"elsewhere": 5}),
    ],
)
def test_what_it_does_not_know_it_says(
    start: int, old: int, new: int, more: dict[str, int]
) -> None:
    it = Process((Vma(0, 4, origin=1), Vma(4, 8, origin=2)))
    before = list(it.space.vmas)
    with pytest.raises(Unpredictable):
        it.mremap(start, old, new, **more)  # type: ignore[arg-type]
    assert it.space.vmas == before
    huge = Process((Vma(0, 512, Kind.HUGETLB),))
    with pytest.raises(Unpredictable):
        huge.mremap(0, 512, 512, to=1024)

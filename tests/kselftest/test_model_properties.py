# SPDX-License-Identifier: GPL-2.0-only
"""What holds after any calls in any order."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from patchkit.kselftest.behaviour import KNOWN
from patchkit.kselftest.model import Outcome, Process, Unpredictable
from patchkit.kselftest.vma import Kind, Vma

PAGES = 12
starts = st.integers(0, PAGES - 1)
lengths = st.integers(1, PAGES)
prots = st.sampled_from(("rw", "r", "none"))


def sums(process: Process) -> tuple[int, int]:
    """Return what the VMAs say that the counters should be: (locked, pinned)."""
    vmas = process.space.vmas
    pinned = sum(vma.pages for vma in vmas if vma.pinned)
    locked = sum(vma.pages for vma in vmas if vma.locked and not vma.pinned)
    return locked, pinned


def pages(process: Process) -> dict[int, tuple[object, ...]]:
    """Return what each page is, however it is cut into VMAs."""
    return {
        page: (vma.kind, vma.prot, vma.state, vma.onfault)
        for vma in process.space.vmas
        for page in range(vma.start, vma.end)
    }


class AnyCalls(RuleBasedStateMachine):
    """A process and whatever it does."""

    @initialize(
        behaviour=st.sampled_from(KNOWN),
        limit=st.none() | st.integers(0, PAGES),
        capable=st.booleans(),
        grows=st.booleans(),
    )
    def begin(self, behaviour: object, limit: int | None, capable: bool, grows: bool) -> None:
        self.it = Process(
            (Vma(0, 4, origin=1, grows=grows), Vma(4, 8, Kind.SHARED, origin=2)),
            limit=limit, capable=capable, behaviour=behaviour,  # type: ignore[arg-type]
        )  # fmt: skip
        self.last = self.it.outcome
        self.calls = 0

    def do(self, call: Callable[[], Outcome]) -> None:
        before = (list(self.it.space.vmas), self.it.outcome)
        try:
            self.last = call()
        except Unpredictable:
            assert (list(self.it.space.vmas), self.it.outcome) == before
            self.last = self.it.outcome

    @rule(start=starts, length=lengths, onfault=st.booleans())
    def mlock(self, start: int, length: int, onfault: bool) -> None:
        self.do(lambda: self.it.mlock(start, length, onfault=onfault))

    @rule(start=starts, length=lengths)
    def munlock(self, start: int, length: int) -> None:
        self.do(lambda: self.it.munlock(start, length))

    @rule(start=starts, length=lengths)
    def mpin(self, start: int, length: int) -> None:
        before = pages(self.it)
        self.do(lambda: self.it.mpin(start, length))
        if self.last.error:
            assert pages(self.it) == before

    @rule(start=starts, length=lengths)
    def munpin(self, start: int, length: int) -> None:
        self.do(lambda: self.it.munpin(start, length))

    @rule(start=starts, length=lengths)
    def kernel_pin(self, start: int, length: int) -> None:
        self.do(lambda: self.it.kernel_pin(start, length))

    @precondition(lambda self: self.it.pins)
    @rule(data=st.data())
    def kernel_unpin(self, data: st.DataObject) -> None:
        start, end = data.draw(st.sampled_from(self.it.pins))
        self.do(lambda: self.it.kernel_unpin(start, end - start))
        assert self.last.error == 0

    @rule(
        start=starts, length=lengths, locked=st.booleans(), prot=prots, kind=st.sampled_from(Kind)
    )
    def mmap(self, start: int, length: int, locked: bool, prot: str, kind: Kind) -> None:
        if kind is not Kind.HUGETLB:
            self.do(
                lambda: self.it.mmap(start, length, locked=locked, prot=prot, kind=kind)  # type: ignore[arg-type]
            )

    @rule(start=starts, length=lengths)
    def munmap(self, start: int, length: int) -> None:
        self.do(lambda: self.it.munmap(start, length))

    @rule(start=starts, length=lengths, prot=prots)
    def mprotect(self, start: int, length: int, prot: str) -> None:
        before = self.it.outcome
        self.do(lambda: self.it.mprotect(start, length, prot))  # type: ignore[arg-type]
        assert (self.last.locked, self.last.pinned) == (before.locked, before.pinned)

    @rule(
        start=starts, old=lengths, new=lengths, to=st.none() | starts,
        elsewhere=st.none() | st.just(100), keep=st.booleans(),
    )  # fmt: skip
    def mremap(
        self, start: int, old: int, new: int, to: int | None, elsewhere: int | None, keep: bool
    ) -> None:
        self.do(lambda: self.it.mremap(start, old, new, to=to, elsewhere=elsewhere, keep=keep))

    @rule(current=st.booleans(), future=st.booleans(), onfault=st.booleans())
    def mlockall(self, current: bool, future: bool, onfault: bool) -> None:
        self.do(lambda: self.it.mlockall(current=current, future=future, onfault=onfault))

    @rule()
    def munlockall(self) -> None:
        self.do(self.it.munlockall)
        assert self.last.locked == 0

    @rule(length=st.integers(0, 6))
    def brk(self, length: int) -> None:
        self.do(lambda: self.it.brk(length))

    @rule(page=starts)
    def touch(self, page: int) -> None:
        self.do(lambda: self.it.touch(page))

    @rule(limit=st.none() | st.integers(0, PAGES))
    def setrlimit(self, limit: int | None) -> None:
        self.do(lambda: self.it.setrlimit(limit))

    @rule(capable=st.booleans())
    def capability(self, capable: bool) -> None:
        self.do(lambda: self.it.capability(capable))

    @invariant()
    def counters_are_what_the_vmas_say(self) -> None:
        locked, pinned = sums(self.it)
        assert (self.it.space.locked_vm, self.it.space.pinned_vm) == (locked, pinned)
        assert (self.last.locked, self.last.pinned) == (locked, pinned)

    @invariant()
    def vmas_are_sorted_and_apart(self) -> None:
        vmas = self.it.space.vmas
        assert all(vma.start < vma.end for vma in vmas)
        assert all(one.end <= two.start for one, two in itertools.pairwise(vmas))
        assert all(vma.locked or not vma.onfault for vma in vmas)

    @invariant()
    def what_the_kernel_holds_is_pinned_where_it_is_still_mapped(self) -> None:
        assert all(start < end for start, end in self.it.pins)

    @invariant()
    def a_child_starts_from_nothing_with_the_same_memory(self) -> None:
        child = self.it.fork()
        assert child.outcome == Outcome(0, 0, 0) and sums(child) == (0, 0)
        assert sorted(pages(child)) == sorted(pages(self.it))

    @invariant()
    def nothing_mapped_is_nothing_charged(self) -> None:
        assert self.it.clone().exit() == Outcome(0, 0, 0)


TestAnyCalls = AnyCalls.TestCase
TestAnyCalls.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)

CALLS: tuple[Callable[[Process, int, int], Outcome], ...] = (
    lambda it, start, length: it.mlock(start, length),
    lambda it, start, length: it.mlock(start, length, onfault=True),
    lambda it, start, length: it.munlock(start, length),
    lambda it, start, length: it.mpin(start, length),
    lambda it, start, length: it.munpin(start, length),
    lambda it, start, length: it.munmap(start, length),
    lambda it, start, length: it.mmap(start, length),
    lambda it, start, length: it.mprotect(start, length, "r"),
)


@given(
    before=st.lists(st.tuples(st.sampled_from(range(len(CALLS))), starts, lengths), max_size=6),
    call=st.sampled_from(range(len(CALLS))),
    start=starts,
    parts=st.tuples(lengths, lengths),
)
@settings(deadline=None)
def test_a_range_in_one_call_or_in_two_is_the_same(
    before: list[tuple[int, int, int]], call: int, start: int, parts: tuple[int, int]
) -> None:
    it = Process((Vma(0, 30),))
    for number, first, length in before:
        CALLS[number](it, first, length)
    once, twice = it.clone(), it.clone()
    outcomes = [
        CALLS[call](twice, start, parts[0]),
        CALLS[call](twice, start + parts[0], parts[1]),
    ]
    outcome = CALLS[call](once, start, sum(parts))
    if outcome.error or any(part.error for part in outcomes):
        return
    assert pages(once) == pages(twice)
    assert outcome == outcomes[1]


@given(cuts=st.sets(starts), start=starts, length=lengths, call=st.sampled_from(range(len(CALLS))))
@settings(deadline=None)
def test_how_memory_is_cut_into_vmas_makes_no_difference(
    cuts: set[int], start: int, length: int, call: int
) -> None:
    whole = Process((Vma(0, 30),))
    ends = [0, *sorted(cuts - {0}), 30]
    cut = Process(
        tuple(
            Vma(first, last, origin=number)
            for number, (first, last) in enumerate(itertools.pairwise(ends))
        )
    )
    assert len(cut.space.vmas) == len(ends) - 1
    assert CALLS[call](whole, start, length) == CALLS[call](cut, start, length)
    assert pages(whole) == pages(cut)

# SPDX-License-Identifier: GPL-2.0-only
"""A process without a kernel: its VMAs, VmLck, VmPin, its limit, and what each call answers.

Addresses and lengths are in pages, so nothing is ever misaligned; errors are errno values, 0 for
success. After each call, failed or not, the model is in the state that the kernel would be in: a
call that fails half way has done half. Where that cannot be said, it raises Unpredictable and
nothing has changed. Page faults succeed; there is no lack of memory.

Functions named in comments are those of mm/ in the kernel; "the series" are vm-pinned and mpin.
"""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import dataclass
from errno import EAGAIN, EFAULT, EINVAL, ENOMEM, EPERM

from patchkit.kselftest.behaviour import NEWEST, Behaviour
from patchkit.kselftest.locking import pin, populates, set_lock, unpin, whole_pages
from patchkit.kselftest.remap import remap
from patchkit.kselftest.unknown import Unpredictable
from patchkit.kselftest.vma import Kind, Prot, Space, Vma

STACK_GUARD = 256
"""Pages; stack_guard_gap, as it is unless the command line says otherwise."""

__all__ = ["Future", "Outcome", "Process", "Unpredictable"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call returns, and what /proc/PID/status shows after it."""

    error: int
    """An errno value; 0 is success."""
    locked: int
    """VmLck, in pages."""
    pinned: int
    """VmPin, in pages."""


@dataclass(frozen=True, slots=True)
class Future:
    """VM_LOCKED and VM_LOCKONFAULT in mm->def_flags: what mlockall(MCL_FUTURE) leaves."""

    locked: bool = False
    onfault: bool = False


class Process:
    """A process that calls; see Outcome for what its calls return."""

    def __init__(
        self,
        vmas: tuple[Vma, ...] = (),
        *,
        limit: int | None = None,
        capable: bool = True,
        behaviour: Behaviour = NEWEST,
        heap: int = 1 << 20,
    ) -> None:
        """Start with *vmas*, RLIMIT_MEMLOCK of *limit* pages (None: RLIM_INFINITY) and a heap of no
        pages at page *heap*; *capable* is CAP_IPC_LOCK."""
        self.space = Space(vmas)
        self.limit = limit
        self.capable = capable
        self.behaviour = behaviour
        self.future = Future()
        self.heap, self.heap_pages = heap, 0
        self.pins: tuple[tuple[int, int], ...] = ()
        """mm->pins: what mm_mpin() holds, as [start, end)."""
        self._origins = 1 + max((vma.origin for vma in vmas), default=0)

    def clone(self) -> Process:
        """Return a copy that goes its own way. It is no child: see fork()."""
        twin = copy.copy(self)
        twin.space = self.space.copy()
        return twin

    def become(self, other: Process) -> None:
        """Take over the mappings and counters of a copy that has gone on."""
        self.space = other.space
        self._origins = other._origins

    @property
    def outcome(self) -> Outcome:
        """Return what a call that changes nothing and succeeds would."""
        return self._done(0)

    def new_origin(self) -> int:
        """Return a number for something that has just been mapped."""
        self._origins += 1
        return self._origins

    # -- Limits

    def over_limit(self, pages: int) -> bool:
        """Whether *pages* more than now are too many.

        The series compares the sum, mm_locked_pages(), everywhere (vm-pinned 0301); CAP_IPC_LOCK
        lifts the limit: mlock_future_ok(), do_mlock(), setrlimit(2).
        """
        if self.capable or self.limit is None:
            return False
        return self.space.locked_vm + self.space.pinned_vm + pages > self.limit

    def can_lock(self) -> bool:
        """can_do_mlock(): a limit of 0 forbids, unless there is CAP_IPC_LOCK."""
        return self.capable or self.limit != 0

    def setrlimit(self, pages: int | None) -> Outcome:
        """RLIMIT_MEMLOCK, soft. What is charged stays so: setrlimit(2)."""
        self.limit = pages
        return self._done(0)

    def capability(self, has: bool) -> Outcome:
        """Gain or lose CAP_IPC_LOCK in the effective set: capset(2)."""
        self.capable = has
        return self._done(0)

    # -- mmap() and munmap()

    def mmap(
        self,
        start: int,
        pages: int,
        *,
        kind: Kind = Kind.ANON,
        prot: Prot = "rw",
        locked: bool = False,
        grows: bool = False,
    ) -> Outcome:
        """MAP_FIXED; *locked* is MAP_LOCKED. do_mmap(), mmap(2).

        EINVAL: no length. EPERM: MAP_LOCKED without can_do_mlock(). EAGAIN: over the limit
        (mlock_future_ok()), where what is unmapped on the way does not make room. MAP_POPULATE
        makes no difference here: errors of populating are ignored (mm_populate()).
        """
        if not pages:
            return self._done(EINVAL)
        if locked and not self.can_lock():
            return self._done(EPERM)
        lock = locked or self.future.locked
        if lock and self.over_limit(pages):
            return self._done(EAGAIN)
        # __mmap_complete(): VM_LOCKED_MASK is taken off again where it is of no use.
        lock = lock and kind.lockable
        self.space.remove(start, start + pages)
        self.space.insert(
            Vma(start, start + pages, kind, prot, lock, lock and self.future.onfault,
                grows=grows, origin=self.new_origin())
        )  # fmt: skip
        return self._done(0)

    def munmap(self, start: int, pages: int) -> Outcome:
        """do_vmi_munmap(): holes do not matter. EINVAL: no length."""
        if not pages:
            return self._done(EINVAL)
        self.space.remove(start, start + pages)
        return self._done(0)

    def mremap(
        self,
        start: int,
        old: int,
        new: int,
        *,
        to: int | None = None,
        elsewhere: int | None = None,
        keep: bool = False,
    ) -> Outcome:
        """Resize or move: see remap(). *to* is MREMAP_FIXED, *elsewhere* MREMAP_MAYMOVE, where the
        caller then moves what has moved to that page, and *keep* MREMAP_DONTUNMAP."""
        return self._done(remap(self, start, old, new, to, elsewhere, keep))

    def mprotect(self, start: int, pages: int, prot: Prot) -> Outcome:
        """do_mprotect_pkey(): ENOMEM at the first hole, with all before it changed."""
        end = start + pages
        hole = self.space.first_hole(start, end)
        self.space.change(start, hole, lambda vma: dataclasses.replace(vma, prot=prot))
        return self._done(ENOMEM if hole < end else 0)

    def madvise(self, start: int, pages: int, advice: str) -> Outcome:
        """``dontneed``, ``cold`` or ``free``: madvise(2). Never changes a counter.

        EINVAL at the first VMA that is locked (can_madv_lru_vma(),
        madvise_dontneed_free_valid_vma()) or pinned (mpin 0012), for ``free`` also where it is not
        private and anonymous; else ENOMEM if there is a hole (madvise_walk_vmas() goes on behind
        it).
        """
        end = start + pages
        for part in self.space.within(start, end):
            if part.kind in (Kind.HUGETLB, Kind.SPECIAL):
                raise Unpredictable("what madvise() does to this kind has changed over time")
            if part.pinned and self.pins and advice != "cold":
                raise Unpredictable("the pin of a driver does not forbid it, mpin() does")
            if part.locked or part.pinned or (advice == "free" and part.kind is not Kind.ANON):
                return self._done(EINVAL)
        return self._done(ENOMEM if self.space.first_hole(start, end) < end else 0)

    # -- mlock() and its kin

    def mlock(self, start: int, pages: int, *, onfault: bool = False) -> Outcome:
        """mlock() or mlock2(MLOCK_ONFAULT): do_mlock(), mlock(2).

        In this order. EPERM: can_do_mlock(). ENOMEM, and nothing has changed: over the limit, where
        what is charged already does not count again (count_mm_mlocked_page_nr(), for both classes
        with vm-pinned 0111). ENOMEM, with all before it locked: a hole. ENOMEM, with all of it
        locked: pages cannot be faulted in (__mlock_posix_error_return()).
        """
        if not pages:
            return self._done(0 if self.can_lock() else EPERM)
        if not self.can_lock():
            return self._done(EPERM)
        end = start + pages
        again = sum(part.pages for part in self.space.within(start, end) if part.charged)
        if self.over_limit(pages) and self.over_limit(pages - again):
            return self._done(ENOMEM)
        hole = set_lock(self, start, end, locked=True, onfault=onfault)
        if hole < end or not populates(self, start, end):
            return self._done(ENOMEM)
        return self._done(0)

    def munlock(self, start: int, pages: int) -> Outcome:
        """ENOMEM at the first hole, with all before it unlocked: apply_vma_lock_flags()."""
        hole = set_lock(self, start, start + pages, locked=False)
        return self._done(ENOMEM if hole < start + pages else 0)

    def mlockall(
        self, *, current: bool = False, future: bool = False, onfault: bool = False
    ) -> Outcome:
        """mlockall(2). Errors of single VMAs, and of populating, are ignored.

        EINVAL: neither MCL_CURRENT nor MCL_FUTURE. EPERM: can_do_mlock(). ENOMEM: MCL_CURRENT, and
        total_vm is over the limit; vm-pinned 0301 adds what others than VMAs have charged.
        """
        if not current and not future:
            return self._done(EINVAL)
        if not self.can_lock():
            return self._done(EPERM)
        # total_vm + mm_locked_pages() - count_mm_mlocked_page_nr(): all VMAs and no page twice.
        limited = not self.capable and self.limit is not None
        if current and limited and self.space.total() > (self.limit or 0):
            return self._done(ENOMEM)
        self.future = Future(future, future and onfault)
        if current:
            for vma in list(self.space.vmas):
                set_lock(self, vma.start, vma.end, locked=True, onfault=onfault)
        return self._done(0)

    def munlockall(self) -> Outcome:
        """apply_mlockall_flags(0)."""
        self.future = Future()
        for vma in list(self.space.vmas):
            set_lock(self, vma.start, vma.end, locked=False)
        return self._done(0)

    # -- mpin() and its kin

    def mpin(self, start: int, pages: int) -> Outcome:
        """mpin(addr, len, 0) of the series. After an error nothing has changed.

        In this order. EPERM: can_do_mlock(). ENOMEM: over the limit, holes counted as if they were
        memory (mpin_scan()). ENOMEM: a hole. EINVAL: a VMA that cannot keep the promise
        (vma_can_mpin()). A huge page is pinned whole (mpin_round()).
        """
        if not pages:
            return self._done(0)
        if not self.can_lock():
            return self._done(EPERM)
        return self._done(pin(self, start, start + pages, everything=False))

    def munpin(self, start: int, pages: int) -> Outcome:
        """ENOMEM: a hole, and nothing has changed. What mm_mpin() holds stays pinned."""
        if not pages:
            return self._done(0)
        start, end = whole_pages(self.space, start, start + pages)
        if self.space.first_hole(start, end) < end:
            return self._done(ENOMEM)
        unpin(self, start, end)
        return self._done(0)

    def kernel_pin(self, start: int, pages: int) -> Outcome:
        """mm_mpin() of the series: nests, and takes memory that mpin() refuses (PROT_NONE)."""
        if not pages:
            return self._done(0)
        if not self.can_lock():
            return self._done(EPERM)
        error = pin(self, start, start + pages, everything=True)
        if not error:
            self.pins = (*self.pins, (start, start + pages))
        return self._done(error)

    def kernel_unpin(self, start: int, pages: int) -> Outcome:
        """mm_munpin() of the series. EINVAL: there is no pin of just this range."""
        if not pages:
            return self._done(0)
        pin = (start, start + pages)
        if pin not in self.pins:
            return self._done(EINVAL)
        at = self.pins.index(pin)
        self.pins = self.pins[:at] + self.pins[at + 1 :]
        unpin(self, *whole_pages(self.space, *pin))
        return self._done(0)

    # -- brk() and stacks

    def brk(self, pages: int) -> Outcome:
        """Make the heap *pages* long: brk(2), and ENOMEM is what the C library makes of a refusal.

        What is new has mm->def_flags, and so is locked after MCL_FUTURE, but never pinned:
        do_brk_flags(), check_brk_limits(). Something mapped in the way is a refusal, too.
        """
        start, end = self.heap + self.heap_pages, self.heap + pages
        if end < start:
            self.space.remove(end, start)
        elif end > start:
            if any(self.space.within(start, end)):
                return self._done(ENOMEM)
            if self.future.locked and self.over_limit(end - start):
                return self._done(ENOMEM)
            self.space.insert(
                Vma(start, end, locked=self.future.locked, onfault=self.future.onfault,
                    origin=self.new_origin())
            )  # fmt: skip
        self.heap_pages = pages
        return self._done(0)

    def touch(self, page: int) -> Outcome:
        """Write to *page*, where a stack may grow: expand_downwards(). EFAULT: a signal instead.

        What a stack grows by has its flags, and is charged like it; acct_stack_growth() compares
        with the limit.
        """
        vma = self.space.at(page)
        if vma is not None:
            return self._done(0 if vma.prot == "rw" else EFAULT)
        vma = self.space.after(page)
        if vma is None or not vma.grows:
            return self._done(EFAULT)
        if vma.prot != "rw":
            raise Unpredictable("whether a stack grows before its protection is looked at")
        below = next((other for other in reversed(self.space.vmas) if other.end <= page), None)
        if below and not below.grows and below.prot != "none" and page - below.end < STACK_GUARD:
            return self._done(EFAULT)
        grow = vma.start - page
        if vma.charged and self.over_limit(grow):
            return self._done(EFAULT)
        self.space.cut_out(vma.start, vma.end)
        self.space.account((False, False), vma.state, grow)
        grown = dataclasses.replace(vma, start=page, offset=vma.offset - grow)
        self.space.vmas.append(grown)
        self.space.join()
        return self._done(0)

    # -- fork() and exit

    def fork(self) -> Process:
        """Return the child: dup_mmap() gives it neither lock, nor pin, nor def_flags, nor charge
        (vm-pinned 0110); limits and capabilities are inherited. The parent does not change."""
        child = self.clone()
        child.space = Space(
            tuple(
                dataclasses.replace(vma, locked=False, onfault=False, pinned=False)
                for vma in self.space.vmas
            )
        )
        child.future = Future()
        child.pins = ()
        return child

    def exit(self) -> Outcome:
        """exit_mmap() takes all charges of VMAs back (vm-pinned 0109)."""
        for vma in list(self.space.vmas):
            self.space.remove(vma.start, vma.end)
        return self._done(0)

    # -- Inside

    def _done(self, error: int) -> Outcome:
        return Outcome(error, self.space.locked_vm, self.space.pinned_vm)

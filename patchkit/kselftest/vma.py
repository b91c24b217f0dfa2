# SPDX-License-Identifier: GPL-2.0-only
"""VMAs as mm/ keeps them, and what they charge to the two counters of their mm.

All addresses and lengths are in pages. Nothing here knows of system calls; ``model`` does.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

State = tuple[bool, bool]
"""(pinned, locked): VM_PINNED and VM_LOCKED."""

_NONE, _L, _P, _PL = (False, False), (False, True), (True, False), (True, True)

CHARGES: dict[State, dict[State, tuple[int, int]]] = {
    _NONE: {_NONE: (0, 0), _L: (0, 1), _P: (1, 0), _PL: (1, 0)},
    _L: {_NONE: (0, -1), _L: (0, 0), _P: (1, -1), _PL: (1, -1)},
    _P: {_NONE: (-1, 0), _L: (-1, 1), _P: (0, 0), _PL: (0, 0)},
    _PL: {_NONE: (-1, 0), _L: (-1, 1), _P: (0, 0), _PL: (0, 0)},
}
"""What a change of (pinned, locked) adds to (pinned_vm, locked_vm), for each page.

The seed's table ("mm: Introduce VM_PINNED and interfaces", 2014) completed to four by four:
``mm_account_vma_flags()`` of the series, and vm_pinned.rst.
"""

Prot = Literal["rw", "r", "none"]


class Kind(enum.Enum):
    """What a VMA maps, as far as locking and pinning care."""

    ANON = "private anonymous"
    SHARED = "shared anonymous"
    FILE = "private file"
    HUGETLB = "hugetlb"
    SPECIAL = "special"
    """VM_SPECIAL: VM_IO, VM_DONTEXPAND, VM_PFNMAP or VM_MIXEDMAP; the vdso is one."""

    @property
    def lockable(self) -> bool:
        """mlock_fixup() leaves others alone: ``vma_supports_mlock()``, before that open coded."""
        return self not in (Kind.HUGETLB, Kind.SPECIAL)

    @property
    def pinnable(self) -> bool:
        """vma_can_mpin() of the series, as far as it looks at the kind."""
        return self is not Kind.SPECIAL


@dataclass(frozen=True, slots=True)
class Vma:
    """A mapping of the pages [start, end)."""

    start: int
    end: int
    kind: Kind = Kind.ANON
    prot: Prot = "rw"
    locked: bool = False
    onfault: bool = False
    pinned: bool = False
    grows: bool = False
    """VM_GROWSDOWN."""
    origin: int = 0
    """The call that has created it. Parts of one mapping can merge again; see Space.seam()."""
    offset: int = 0
    """Of the first page in what *origin* has created: vm_pgoff."""

    @property
    def pages(self) -> int:
        """Return its size in pages."""
        return self.end - self.start

    @property
    def state(self) -> State:
        """Return (pinned, locked)."""
        return self.pinned, self.locked

    @property
    def charged(self) -> bool:
        """vma_charge_class() of the series is not VMA_CHARGE_NONE."""
        return self.pinned or self.locked

    def cut(self, start: int, end: int) -> Vma:
        """Return the part of it in [start, end)."""
        start, end = max(start, self.start), min(end, self.end)
        if (start, end) == (self.start, self.end):
            return self
        return dataclasses.replace(
            self, start=start, end=end, offset=self.offset + start - self.start
        )

    def like(self, other: Vma) -> bool:
        """Whether all that vma_merge() compares, origin and offset apart, is the same."""
        return (
            self.kind is other.kind
            and self.prot == other.prot
            and self.state == other.state
            and self.onfault == other.onfault
            and self.grows == other.grows
        )

    def continues(self, before: Vma) -> bool:
        """Whether it is certain to merge with *before*, which ends where it starts."""
        return (
            before.end == self.start
            and self.like(before)
            and self.origin == before.origin
            and self.offset == before.offset + before.pages
        )


class Space:
    """The VMAs of one mm, sorted, and its counters in pages.

    The counters are moved by each change and never recomputed, as the kernel does it; that they
    are the sums over the VMAs is for tests to find out.
    """

    def __init__(self, vmas: tuple[Vma, ...] = ()) -> None:
        """Start with *vmas*, which are charged."""
        self.vmas: list[Vma] = []
        self.locked_vm = 0
        self.pinned_vm = 0
        for vma in vmas:
            self.insert(vma)

    def copy(self) -> Space:
        """Return one that can change by itself."""
        twin = Space()
        twin.vmas = list(self.vmas)
        twin.locked_vm, twin.pinned_vm = self.locked_vm, self.pinned_vm
        return twin

    def at(self, page: int) -> Vma | None:
        """vma_lookup(): the VMA that has *page*."""
        return next((vma for vma in self.vmas if vma.start <= page < vma.end), None)

    def after(self, page: int) -> Vma | None:
        """find_vma(): the first VMA that ends behind *page*."""
        return next((vma for vma in self.vmas if page < vma.end), None)

    def within(self, start: int, end: int) -> Iterator[Vma]:
        """Yield the parts of VMAs in [start, end), in order."""
        for vma in list(self.vmas):
            if vma.start < end and start < vma.end:
                yield vma.cut(start, end)

    def first_hole(self, start: int, end: int) -> int:
        """Return the first page of [start, end) that no VMA has, or *end*."""
        page = start
        for part in self.within(start, end):
            if part.start > page:
                break
            page = part.end
        return page

    def seam(self, page: int) -> bool:
        """Whether it is unknown that one VMA ends at *page* and another begins.

        Two mappings of one kind that touch merge when their page offsets and anon_vmas allow it
        (``is_mergeable_anon_vma()``), and that depends on who has faulted in what, and when.
        """
        before, behind = self.at(page - 1), self.at(page)
        return (
            before is not None
            and behind is not None
            and before.end == page
            and behind.like(before)
            and not behind.continues(before)
        )

    def account(self, old: State, new: State, pages: int) -> None:
        """mm_account_vma_flags(): move the charge of *pages* whose state changes."""
        pinned, locked = CHARGES[old][new]
        self.pinned_vm += pinned * pages
        self.locked_vm += locked * pages

    def insert(self, vma: Vma) -> None:
        """Map *vma* where nothing is, and charge it."""
        self.account((False, False), vma.state, vma.pages)
        self.vmas.append(vma)
        self.join()

    def change(self, start: int, end: int, change: Callable[[Vma], Vma]) -> None:
        """Split VMAs at the ends of the range and give each part in it new attributes."""
        parts = list(self.within(start, end))
        self.cut_out(start, end)
        for part in parts:
            new = change(part)
            self.account(part.state, new.state, part.pages)
            self.vmas.append(new)
        self.join()

    def remove(self, start: int, end: int) -> None:
        """Unmap the range, wherever in it something is mapped, and uncharge it."""
        for part in self.within(start, end):
            self.account(part.state, (False, False), part.pages)
        self.cut_out(start, end)

    def cut_out(self, start: int, end: int) -> None:
        """Take the range out, without a change of the counters."""
        left: list[Vma] = []
        for vma in self.vmas:
            if vma.end <= start or end <= vma.start:
                left.append(vma)
                continue
            if vma.start < start:
                left.append(vma.cut(vma.start, start))
            if end < vma.end:
                left.append(vma.cut(end, vma.end))
        self.vmas = left

    def join(self) -> None:
        """Sort, and merge what is certain to merge."""
        joined: list[Vma] = []
        for vma in sorted(self.vmas, key=lambda vma: vma.start):
            if joined and vma.continues(joined[-1]):
                joined[-1] = dataclasses.replace(joined[-1], end=vma.end)
            else:
                joined.append(vma)
        self.vmas = joined

    def total(self) -> int:
        """Return mm->total_vm."""
        return sum(vma.pages for vma in self.vmas)

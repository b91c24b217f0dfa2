# SPDX-License-Identifier: GPL-2.0-only
"""What mlock(), mpin() and their kin do to VMAs in the model: mm/mlock.c, and mm/mpin.c of the
series."""

from __future__ import annotations

import dataclasses
from errno import EINVAL, ENOMEM
from typing import TYPE_CHECKING

from patchkit.kselftest.unknown import Unpredictable
from patchkit.kselftest.vma import Kind, Space, Vma

if TYPE_CHECKING:
    from patchkit.kselftest.model import Process

HUGE = 512
"""Pages of PAGE_SIZE in the default huge page, as on x86-64 and arm64 with 4 KiB pages."""


def set_lock(process: Process, start: int, end: int, *, locked: bool, onfault: bool = False) -> int:
    """mlock_fixup() over a range; returns where the first hole stops it, or *end*.

    VMAs whose kind cannot be locked are passed over, as if they had been.
    """
    hole = process.space.first_hole(start, end)

    def change(vma: Vma) -> Vma:
        if not vma.kind.lockable:
            return vma
        return dataclasses.replace(vma, locked=locked, onfault=onfault)

    process.space.change(start, hole, change)
    return hole


def populates(process: Process, start: int, end: int) -> bool:
    """Whether __mm_populate() has no error: populate_vma_page_range() and PROT_NONE.

    What is locked on fault is passed over, unless it is pinned, too (mpin 0002).
    """
    for part in process.space.within(start, end):
        lazy = part.onfault and not part.pinned and not process.behaviour.onfault_populates
        if part.prot == "none" and not lazy:
            return False
    return True


def whole_pages(space: Space, start: int, end: int) -> tuple[int, int]:
    """mpin_round(): out to whole huge pages, where the ends are in hugetlb VMAs."""
    first, last = space.at(start), space.at(end - 1)
    if first is not None and first.kind is Kind.HUGETLB:
        start -= start % HUGE
    if last is not None and last.kind is Kind.HUGETLB:
        end += -end % HUGE
    return start, end


def pin(process: Process, start: int, end: int, *, everything: bool) -> int:
    """mpin_prepare() and mpin_commit(); returns an errno value or 0.

    *everything* is what mm_mpin() takes (vma_can_pin()), not only what mpin() does
    (vma_can_mpin()). Raises Unpredictable.
    """
    start, end = whole_pages(process.space, start, end)
    parts = list(process.space.within(start, end))
    charged = sum(part.pages for part in parts if part.charged)
    if process.over_limit(end - start - charged):
        return ENOMEM
    if process.space.first_hole(start, end) < end:
        return ENOMEM
    for part in parts:
        if not everything and (not part.kind.pinnable or part.prot == "none"):
            return EINVAL
        if everything and part.kind is Kind.SPECIAL:
            raise Unpredictable("VM_PFNMAP and VM_IO are refused, other special VMAs are not")
    process.space.change(start, end, lambda vma: dataclasses.replace(vma, pinned=True))
    return 0


def unpin(process: Process, start: int, end: int) -> None:
    """mpin_release(): take the pin from what no mm_mpin() covers."""
    holders = [whole_pages(process.space, *held) for held in process.pins]
    page = start
    while page < end:
        held = [last for first, last in holders if first <= page < last]
        if held:
            page = max(held)
            continue
        stop = min([first for first, _ in holders if first > page], default=end)
        process.space.change(
            page, min(stop, end), lambda vma: dataclasses.replace(vma, pinned=False)
        )
        page = stop

# SPDX-License-Identifier: GPL-2.0-only
"""mremap() in the model: mm/mremap.c, and where trees differ in it."""

from __future__ import annotations

import dataclasses
from errno import EAGAIN, EFAULT, EINVAL, ENOMEM
from typing import TYPE_CHECKING

from patchkit.kselftest.unknown import Unpredictable
from patchkit.kselftest.vma import Kind, Vma

if TYPE_CHECKING:
    from patchkit.kselftest.model import Process


def remap(
    process: Process,
    start: int,
    old: int,
    new: int,
    to: int | None,
    elsewhere: int | None,
    keep: bool,
) -> int:
    """mremap(2) of *old* pages at *start* to *new* pages; returns an errno value or 0.

    EINVAL: no new length; *keep* (MREMAP_DONTUNMAP) with another size, or for mappings that the
    tree does not take; the target overlaps the source. EFAULT: nothing at *start*, or the range
    reaches beyond its VMA. EAGAIN: what it grows by is over the limit, for either class
    (vma_to_resize(), check_prep_vma(); vm-pinned 0104). ENOMEM: it cannot grow where it is, and
    must not move. With MREMAP_FIXED what was at the target may have gone in spite of an error.

    Raises Unpredictable, with nothing changed.
    """
    trial = process.clone()
    error = _remap(trial, start, old, new, to, elsewhere, keep)
    process.become(trial)
    return error


def _remap(
    process: Process,
    start: int,
    old: int,
    new: int,
    to: int | None,
    elsewhere: int | None,
    keep: bool,
) -> int:
    behaviour, space = process.behaviour, process.space
    if not old:
        raise Unpredictable("a length of 0 makes a second mapping of shared memory")
    if not new or (keep and old != new):
        return EINVAL
    if to is not None and to < start + old and start < to + new:
        return EINVAL
    if keep and to is None:
        raise Unpredictable("where a mapping goes that has no place to go to")

    # Without a vma_lookup() in mremap() itself, what only unmaps does not miss anything.
    found = space.at(start) is not None
    if not found and behaviour.remap_target != "first":
        return EFAULT
    if to is None:
        return _resize(process, start, old, new, elsewhere)
    if behaviour.remap_many and old == new:
        return _move_many(process, start, old, to, keep)
    if behaviour.remap_target == "checked":
        error = _check(process, start, min(old, new), new, keep)
        if error:
            return error
    space.remove(to, to + new)
    if new < old:
        space.remove(start + new, start + old)
        old = new
    error = _check(process, start, old, new, keep)
    if not error:
        _move(process, start, old, new, to, keep)
    return error


def _resize(process: Process, start: int, old: int, new: int, elsewhere: int | None) -> int:
    """Shrink, or grow in place or (*elsewhere*) away: mremap_at()."""
    space = process.space
    if new <= old:
        # do_vmi_munmap(), whatever is there. It makes no difference how many VMAs that are.
        space.remove(start + new, start + old)
        return 0
    error = _check(process, start, old, new, keep=False)
    if error:
        return error
    vma = _vma(process, start)
    grow = new - old
    if vma.end == start + old and not any(space.within(vma.end, vma.end + grow)):
        # vma_merge_extend(), charged with the flags that the VMA has.
        space.insert(
            dataclasses.replace(
                vma, start=vma.end, end=vma.end + grow, offset=vma.offset + vma.pages
            )
        )
        return 0
    if elsewhere is None:
        return ENOMEM
    # The kernel takes a free place; from there it is moved on, over what is there.
    if elsewhere < start + old and start < elsewhere + new:
        raise Unpredictable("the place that it is to be moved on to is not free")
    _move(process, start, old, new, elsewhere, keep=False)
    return 0


def _vma(process: Process, start: int) -> Vma:
    vma = process.space.at(start)
    assert vma is not None
    return vma


def _check(process: Process, start: int, old: int, new: int, keep: bool) -> int:
    """vma_to_resize(), or check_prep_vma(): whether the VMA at *start* can become *new* pages."""
    vma = process.space.at(start)
    if vma is None:
        return EFAULT
    if vma.kind is Kind.HUGETLB:
        raise Unpredictable("trees differ in whether a huge page may be moved")
    if keep and vma.kind is Kind.SPECIAL:
        return EINVAL
    if keep and vma.kind is not Kind.ANON and not process.behaviour.remap_keeps_any:
        return EINVAL
    if start + old > vma.end:
        if process.space.seam(vma.end):
            raise Unpredictable("whether this is one VMA or several")
        return EFAULT
    if new == old:
        return 0
    if vma.kind is Kind.SPECIAL:
        return EFAULT
    if vma.charged and process.over_limit(new - old):
        return EAGAIN
    return 0


def _move(process: Process, start: int, old: int, new: int, to: int, keep: bool) -> None:
    """move_vma(): what moves keeps its flags, and its charge; the new pages are charged alike.

    With *keep* the pages leave, and lock, pin and charge go with them (dontunmap_complete(),
    vm-pinned 0107 and 0108).
    """
    space = process.space
    vma = _vma(process, start).cut(start, start + old)
    if keep:
        left = process.new_origin()
        space.change(
            start,
            start + old,
            lambda part: dataclasses.replace(
                part, locked=False, onfault=False, pinned=False, origin=left
            ),
        )
    else:
        space.remove(start, start + old)
    space.remove(to, to + new)
    space.insert(dataclasses.replace(vma, start=to, end=to + new))


def _move_many(process: Process, start: int, old: int, to: int, keep: bool) -> int:
    """remap_move(): each VMA of the range by itself, with what is between them kept free.

    A hole at the start is EFAULT; others stay holes, where the target keeps what it had.
    """
    parts = list(process.space.within(start, start + old))
    if not parts or parts[0].start != start:
        return EFAULT
    for part in parts:
        error = _check(process, part.start, part.pages, part.pages, keep)
        if error:
            return error
        process.space.remove(to + part.start - start, to + part.end - start)
        _move(process, part.start, part.pages, part.pages, to + part.start - start, keep)
    return 0

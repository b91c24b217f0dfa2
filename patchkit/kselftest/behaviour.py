# SPDX-License-Identifier: GPL-2.0-only
"""Where kernels differ in what a model of them has to predict.

Each is a fact about the source of a tree, never its version; the comments name where to look.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the tree at hand does; the defaults are the newest known."""

    remap_target: Literal["first", "found", "checked"] = "checked"
    """When ``mremap(MREMAP_FIXED)`` unmaps what is at the target: ``first`` of all (mremap_to()
    without a vma_lookup() before it), once the VMA to move has been ``found``, or when the rest has
    been ``checked``, too (check_prep_vma()). Where it is ``first``, shrinking does not look for the
    VMA either."""
    remap_many: bool = True
    """A move that changes no size may take several VMAs along (remap_move())."""
    remap_keeps_any: bool = True
    """MREMAP_DONTUNMAP takes mappings that are shared or of files, too; vma_to_resize() used to ask
    vma_is_anonymous()."""
    onfault_populates: bool = False
    """mlock2(MLOCK_ONFAULT) walks the range all the same, and so fails on PROT_NONE:
    populate_vma_page_range() clears FOLL_POPULATE instead of returning early."""


OLDEST = Behaviour("first", remap_many=False, remap_keeps_any=False, onfault_populates=True)
FOUND = Behaviour("found", remap_many=False)
NEWEST = Behaviour()
KNOWN = (OLDEST, FOUND, NEWEST)
"""One for each combination that has been met; a table that holds for all of them fits any tree."""

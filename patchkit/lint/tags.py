# SPDX-License-Identifier: GPL-2.0-only
"""The struct that a C type is about."""

from __future__ import annotations

import functools
import re

_TAG = re.compile(r"\b(?:struct|union)\s+(\w+)")


@functools.lru_cache(maxsize=8192)
def tag_of(type_: str) -> str:
    """Return the tag of ``struct mm_struct *`` (any stars, const or not); empty if there is none.

    A typedef is its own tag: ``vma_flags_t``.
    """
    found = _TAG.search(type_)
    return found[1] if found else ""

# SPDX-License-Identifier: GPL-2.0-only
"""When Python looks for garbage in cycles."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = 1_000_000
"""Objects made between two looks. An analysis keeps nearly all that it makes, and has next to no
cycles; by default half of its time would go into looking at the same objects again and again."""


@contextmanager
def seldom() -> Iterator[None]:
    """Let the collector look seldom; as it was before afterwards."""
    before = gc.get_threshold()
    gc.set_threshold(SELDOM, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)

# SPDX-License-Identifier: GPL-2.0-only
"""Debian's version order: the examples of deb-version(7) and kernel packages."""

from __future__ import annotations

import itertools

from patchkit.tree.debversion import compare, version_key

ORDER = [
    "0", "1.0~~", "1.0~~a", "1.0~", "1.0", "1.0-1", "1.0a", "1.0+b1", "1.0.1", "5.10.262-1",
    "6.1.99-1", "6.1.170-3", "6.12.9-1", "6.12.117-1~bpo12+1", "6.12.117-1~deb12u1", "6.12.117-1",
    "6.12.117-1+b1", "6.12.117-2", "7.3~rc7-1~exp1", "7.3-1", "1:0.1-1",
]  # fmt: skip


def test_the_order_is_dpkgs() -> None:
    for (i, one), (j, other) in itertools.product(enumerate(ORDER), repeat=2):
        result = compare(one, other)
        assert (result > 0) - (result < 0) == (i > j) - (i < j), (one, other)
    assert sorted(set(ORDER), key=version_key) == ORDER


def test_leading_zeros_do_not_count() -> None:
    assert compare("1.02-01", "1.2-1") == 0

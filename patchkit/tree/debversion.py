# SPDX-License-Identifier: GPL-2.0-only
"""The order of Debian's version numbers, as deb-version(7) defines it."""

from __future__ import annotations

import functools
import re
from itertools import zip_longest


def compare(one: str, other: str) -> int:
    """Return a negative number, 0 or a positive one: is *one* older, the same or newer?"""
    for mine, theirs in zip(_split(one), _split(other), strict=True):
        result = _compare_part(mine, theirs)
        if result:
            return result
    return 0


version_key = functools.cmp_to_key(compare)
"""Sort key: oldest first."""


def _split(version: str) -> tuple[str, str, str]:
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, dash, revision = rest.rpartition("-")
    return (epoch, upstream, revision) if dash else (epoch, rest, "")


def _compare_part(one: str, other: str) -> int:
    """Compare by turns what is not a digit, in dpkg's own alphabet, and numbers."""
    pairs = zip_longest(_pieces(one), _pieces(other), fillvalue=("", 0))
    for (mine, my_number), (theirs, their_number) in pairs:
        for a, b in zip_longest(mine, theirs, fillvalue=""):
            if a != b:
                return _rank(a) - _rank(b)
        if my_number != their_number:
            return my_number - their_number
    return 0


def _pieces(text: str) -> list[tuple[str, int]]:
    found = re.findall(r"(\D*)(\d*)", text)
    return [(letters, int(digits or 0)) for letters, digits in found if letters or digits]


def _rank(character: str) -> int:
    """A tilde comes before the end of the part, letters before everything else."""
    if character == "~":
        return -1
    if not character:
        return 0
    return ord(character) + (0 if character.isalpha() else 256)

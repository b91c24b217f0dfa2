# SPDX-License-Identifier: GPL-2.0-only
"""Counts of mentions by file, as they are kept between runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from patchkit.lint.model import Coverage, NotAnalysed


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """The mentions of one file, as in Coverage."""

    mentions: int
    analysed: int
    elsewhere: int
    not_analysed: tuple[NotAnalysed, ...] = ()


def total(files: Iterable[FileCoverage]) -> Coverage:
    """Return the sum over files, which are in the order in which they are to be told."""
    counted = list(files)
    return Coverage(
        sum(file.mentions for file in counted),
        sum(file.analysed for file in counted),
        sum(file.elsewhere for file in counted),
        tuple(item for file in counted for item in file.not_analysed),
    )

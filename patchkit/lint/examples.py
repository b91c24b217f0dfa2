# SPDX-License-Identifier: GPL-2.0-only
"""The example files of rules: a failing and a passing text that differ in one place only."""

from __future__ import annotations

MARK = "@@@"
"""Where the two files differ."""


def pair_of(text: str, failing: str, passing: str) -> tuple[str, str]:
    """Return *text* with every ``@@@`` replaced, by *failing* and by *passing*."""
    return text.replace(MARK, failing), text.replace(MARK, passing)

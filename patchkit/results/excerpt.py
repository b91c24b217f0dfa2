# SPDX-License-Identifier: GPL-2.0-only
"""What of a console's log belongs to a test: from init's word that it starts to the next one's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

LINES = 40
_STARTED = re.compile(r"patchkit: (?:test \d+/\d+ (?P<name>\S+: .+?)|\d+ of \d+ tests failed)\s*$")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    r"""Return *text* with everything that a terminal would obey written out, as ``\x1b``."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


def read_console(path: Path) -> list[str]:
    """Return the lines of a log, harmless to any terminal; none when there is no log."""
    if not path.is_file():
        return []
    text = path.read_bytes().replace(b"\r", b"").decode("utf-8", "backslashreplace")
    return [printable(line) for line in text.split("\n")]


def excerpt(console: Sequence[str], test: str, limit: int = LINES) -> tuple[str, ...]:
    """Return the last *limit* lines that the kernel wrote while the program of *test* ran.

    *test* is a name as in Results.tests(). Without init's marks that is nothing.
    """
    lines: list[str] = []
    ours = False
    for line in console:
        if match := _STARTED.search(line):
            name = match["name"]
            ours = name is not None and (test == name or test.startswith(f"{name}: "))
            continue
        if ours:
            lines.append(line)
    return tuple(lines[-limit:])

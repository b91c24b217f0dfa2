# SPDX-License-Identifier: GPL-2.0-only
"""Which installed packages bring rules, told without importing anything of theirs."""

from __future__ import annotations

import functools
import hashlib
import sys
from pathlib import Path

GROUP = "patchkit.lint.rules"
"""The entry point group of rules made elsewhere; each entry names a Rule."""


@functools.cache
def digest() -> str:
    """Return what identifies the installed packages that bring rules, with their versions.

    This reads what ``importlib.metadata`` would read, in a fraction of the time.
    """
    found = hashlib.sha256()
    for place in sys.path:
        if Path(place).is_file():  # a zip archive: too rare to look into
            found.update(str(Path(place).stat().st_mtime_ns).encode())
        for pattern in ("*.dist-info/entry_points.txt", "*.egg-info/entry_points.txt"):
            for file in sorted(Path(place or ".").glob(pattern)):
                text = file.read_bytes()
                if GROUP.encode() in text:
                    found.update(str(file).encode() + text + _metadata(file.parent))
    return found.hexdigest()[:16]


def _metadata(directory: Path) -> bytes:
    for name in ("METADATA", "PKG-INFO"):
        file = directory / name
        if file.is_file():
            return file.read_bytes()
    return b""

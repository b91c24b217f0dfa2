# SPDX-License-Identifier: GPL-2.0-only
"""Which paths and modes a patch may touch, whatever its template says."""

from __future__ import annotations

import unicodedata

from patchkit.errors import TemplateError
from patchkit.series.policy import path_problem
from patchkit.tree.source import EXECUTABLE, REGULAR

MODES = (REGULAR, EXECUTABLE)


def path_defect(path: str) -> str:
    """Return why *path* must not be written, "" when it may be.

    Beyond what a series may name at all, what would have to be quoted in a diff, could pass for an
    option, or does not show when printed is refused here.
    """
    if problem := path_problem(path):
        return problem
    for character in path:
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
            return f"has the unprintable character U+{ord(character):04X}"
    for name in path.split("/"):
        if '"' in name:
            return "has a quotation mark"
        if name.startswith("-"):
            return f"has a component that looks like an option: {name!r}"
        if name != name.strip():
            return f"has a component with white space at its end: {name!r}"
    return ""


def check_path(path: str, mode: int, where: str) -> None:
    """Raise TemplateError when *path* or *mode* is out of bounds; *where* names the patch."""
    if defect := path_defect(path):
        raise TemplateError(f"{where}: the path {path!r} {defect}; nothing was written")
    if mode not in MODES:
        raise TemplateError(
            f"{where}: {path} would get mode {mode:06o}; only 100644 and 100755 may be written"
        )

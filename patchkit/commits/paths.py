# SPDX-License-Identifier: GPL-2.0-only
"""Which paths and modes a patch may touch, whatever its template says."""

from __future__ import annotations

import unicodedata

from patchkit.errors import TemplateError
from patchkit.tree.source import EXECUTABLE, REGULAR, clean_path

MODES = (REGULAR, EXECUTABLE)


def path_defect(path: str) -> str:
    """Return why *path* must not be written, "" when it may be.

    A path is relative, normalised, printable, and has no component that git, or a file system
    that folds case or ignores trailing dots and invisible characters, could take for ``.git``.
    """
    if not path:
        return "is empty"
    if path.startswith("/"):
        return "is absolute"
    if "\\" in path or '"' in path:
        return "has a backslash or a quotation mark"
    if clean_path(path) is None:
        return "has an empty component, '.', '..' or '.git'"
    for character in path:
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
            return f"has the unprintable character U+{ord(character):04X}"
    for name in path.split("/"):
        folded = unicodedata.normalize("NFKC", name).casefold().rstrip(". ")
        if folded in (".git", "git~1") or folded.split(":")[0] in (".git", "git~1"):
            return f"has a component that can mean .git: {name!r}"
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

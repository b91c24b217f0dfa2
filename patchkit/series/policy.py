# SPDX-License-Identifier: GPL-2.0-only
"""Which paths and modes a patch may touch.

Checked twice: before anything is rendered, for the files that a manifest names, and on every
change that a template produced. A template is data of others: nothing it says may reach outside
the tree, into ``.git``, or through a symbolic link of the tree.
"""

from __future__ import annotations

import stat
import unicodedata
from collections.abc import Iterable

from patchkit.errors import TemplateError
from patchkit.series.model import FileChange
from patchkit.tree.source import DIRECTORY, EXECUTABLE, REGULAR, Tree

_IGNORED = ("\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u206a\u206b\u206c\u206d\u206e"
            "\u206f\ufeff")  # fmt: skip
"""Characters that some file systems leave out when they compare names (git's list for HFS+)."""


def path_problem(path: str) -> str:
    """Say what is wrong with a relative path, "" when nothing is."""
    if not path:
        return "is empty"
    if path != path.strip():
        return "begins or ends with white space"
    if path.startswith("/"):
        return "is absolute"
    if "\\" in path:
        return "contains a backslash"
    if any(ord(character) < 32 or ord(character) == 127 for character in path):
        return "contains a control character"
    names = path.split("/")
    if "" in names or "." in names:
        return "is not in its shortest form"
    if ".." in names:
        return "leads upwards with '..'"
    if any(_is_git(name) for name in names):
        return "leads into .git"
    return ""


def _is_git(name: str) -> bool:
    """Tell whether some file system takes this name for ``.git``."""
    plain = "".join(character for character in name if character not in _IGNORED)
    plain = unicodedata.normalize("NFKC", plain).casefold()
    plain = plain.split(":", 1)[0].rstrip(". ")
    return plain in (".git", "git~1")


def check_path(path: str, where: object) -> None:
    """Raise TemplateError, which begins with *where*, unless *path* may be touched."""
    problem = path_problem(path)
    if problem:
        raise TemplateError(f"{where}: the path {path!r} {problem}")


def check_place(tree: Tree, path: str, where: object) -> None:
    """Raise TemplateError when *path* lies beyond, or is, something other than a regular file."""
    names = path.split("/")
    for depth in range(1, len(names)):
        parent = "/".join(names[:depth])
        mode = tree.mode(parent)
        if mode is None:
            break
        if stat.S_ISLNK(mode):
            raise TemplateError(f"{where}: {path} lies beyond the symbolic link {parent}")
        if mode != DIRECTORY:
            raise TemplateError(f"{where}: {path} lies below {parent}, which is no directory")
    mode = tree.mode(path)
    if mode is not None and mode not in (REGULAR, EXECUTABLE):
        kind = "a symbolic link" if stat.S_ISLNK(mode) else "no regular file"
        raise TemplateError(f"{where}: {path} is {kind} in this tree")


def check_changes(tree: Tree, changes: Iterable[FileChange], where: object) -> None:
    """Check what a template produced, once more, before it becomes part of a plan."""
    seen: dict[str, str] = {}
    for change in changes:
        check_path(change.path, where)
        check_place(tree, change.path, where)
        if change.mode not in (REGULAR, EXECUTABLE):
            raise TemplateError(f"{where}: {change.path}: mode {change.mode:o} is not allowed")
        folded = change.path.casefold()
        if (other := seen.setdefault(folded, change.path)) != change.path:
            raise TemplateError(f"{where}: {change.path} and {other} differ in case only")

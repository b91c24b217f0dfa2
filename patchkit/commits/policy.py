# SPDX-License-Identifier: GPL-2.0-only
"""The last look at a patch before anything refers to it: the diff as a reader would take it.

What is about to be published is parsed by unidiff, independently of the code that made it, and has
to say exactly what the plan says: the same files, modes and contents, nothing besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from unidiff.constants import DEV_NULL
from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchedFile, PatchSet

from patchkit.commits.paths import check_path
from patchkit.errors import TemplateError
from patchkit.series.model import FileChange

MAX_DIFF_BYTES = 4 * 1024 * 1024
"""No reviewable patch is larger; lore.kernel.org takes far less. The message names the limit."""


def check_patch(diff: bytes, changes: Sequence[FileChange], where: str) -> None:
    """Raise TemplateError unless *diff* is exactly *changes* and within bounds.

    Bounds are the paths and modes of ``patchkit.commits.paths``, no symbolic links, no submodules,
    no binary or renamed files, at most MAX_DIFF_BYTES. *where* names the patch.
    """
    if len(diff) > MAX_DIFF_BYTES:
        raise TemplateError(
            f"{where}: the diff has {len(diff)} bytes, more than the limit of {MAX_DIFF_BYTES}",
            hint="split the patch; nobody can review one of this size",
        )
    try:
        files = PatchSet(diff, encoding="latin-1")
    except UnidiffParseError as error:
        raise TemplateError(f"{where}: the diff cannot be parsed: {error}") from error
    expected = {change.path: change for change in changes}
    if len(expected) != len(changes):
        raise TemplateError(f"{where}: the plan names a path twice")
    for file in files:
        path = file_path(file)
        change = expected.pop(path, None)
        if change is None:
            raise TemplateError(f"{where}: the diff touches {path!r}, which the plan does not")
        _check_file(file, change, where)
    # A change that leaves a file as it is has no diff.
    left = [change.path for change in expected.values() if change.old != change.new]
    if left:
        raise TemplateError(f"{where}: the diff does not touch {', '.join(left)}")


def file_path(file: PatchedFile) -> str:
    """Return the path that a part of a diff is about, without git's prefix."""
    name = file.target_file if file.target_file != DEV_NULL else file.source_file
    return str(name)[2:].encode("latin-1").decode("utf-8", "surrogateescape")


def _check_file(file: PatchedFile, change: FileChange, where: str) -> None:
    path = change.path
    if file.is_symlink or file.is_submodule:
        kind = "symbolic link" if file.is_symlink else "submodule"
        raise TemplateError(f"{where}: the diff makes {path} a {kind}; only files may be written")
    if file.is_rename or file.is_binary_file:
        kind = "renames" if file.is_rename else "replaces, as binary data,"
        raise TemplateError(f"{where}: the diff {kind} {path}; a plan never does")
    modes = {mode for mode in (file.source_mode, file.target_mode) if mode is not None}
    for mode in modes:
        check_path(path, int(mode, 8), where)
    if change.new is not None and file.target_mode is not None:
        check = int(file.target_mode, 8)
        if check != change.mode:
            raise TemplateError(
                f"{where}: {path}: expected mode {change.mode:06o}, the diff says {check:06o}"
            )
    added, removed = file.source_file == DEV_NULL, file.target_file == DEV_NULL
    if added != (change.old is None) or removed != (change.new is None):
        raise TemplateError(f"{where}: {path}: plan and diff disagree on whether it is there")
    if _patched(file, change.old or b"", where) != (change.new or b""):
        raise TemplateError(f"{where}: {path}: the diff does not make what the plan has")


def _patched(file: PatchedFile, old: bytes, where: str) -> bytes:
    """Apply a file's hunks to *old*, with no offset and no fuzz."""
    source = split_lines(old)
    position = 0
    result: list[bytes] = []
    for hunk in file:
        start = hunk.source_start - 1 if hunk.source_length else hunk.source_start
        result += source[position:start]
        position = start
        bodies = _bodies(hunk)
        before = [text for kind, text in bodies if kind != "+"]
        if source[position : position + len(before)] != before:
            raise TemplateError(
                f"{where}: {file_path(file)}:{start + 1}: the diff's context is not in the tree"
            )
        result += [text for kind, text in bodies if kind != "-"]
        position += len(before)
    return b"".join(result + source[position:])


def _bodies(hunk: Iterable[object]) -> list[tuple[str, bytes]]:
    """Return the lines of a hunk as (sign, bytes with or without their line end)."""
    found: list[tuple[str, bytes]] = []
    for line in hunk:
        kind, value = str(line.line_type), str(line.value)  # type: ignore[attr-defined]
        if kind == "\\":
            sign, text = found.pop()
            found.append((sign, text.removesuffix(b"\n")))
        elif kind in ("+", "-", " "):
            found.append((kind, value.encode("latin-1")))
    return found


def split_lines(data: bytes) -> list[bytes]:
    r"""Split at ``\n`` only, keeping it; CR and form feed are part of a line."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines

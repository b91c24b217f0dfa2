# SPDX-License-Identifier: GPL-2.0-only
"""Exported patches as files: an earlier export is replaced, files of others never are."""

from __future__ import annotations

from pathlib import Path

from patchkit.commits.export import COVER, Exported
from patchkit.commits.mail import MARK
from patchkit.errors import UserError
from patchkit.files import replace_file


def write_exported(exported: Exported, destination: Path) -> tuple[Path, ...]:
    """Write the files and return their paths.

    *destination* is the file of a mailbox (a cover letter goes to FILE.cover), else a directory.
    There, patches of an earlier export go; UserError when patches of others are in it.
    """
    if exported.form == "mbox":
        written = []
        destination.parent.mkdir(parents=True, exist_ok=True)
        for file in exported.files:
            path = destination if not file.name else destination.with_name(
                f"{destination.name}.cover"
            )  # fmt: skip
            replace_file(path, file.data)
            written.append(path)
        return tuple(written)
    destination.mkdir(parents=True, exist_ok=True)
    names = {file.name for file in exported.files}
    stale = _stale(destination, names)
    written = []
    for file in exported.files:
        replace_file(destination / file.name, file.data)
        written.append(destination / file.name)
    for path in stale:
        path.unlink()
    return tuple(written)


def _stale(destination: Path, names: set[str]) -> list[Path]:
    """Return patches of an earlier export that this one does not replace."""
    stale = []
    for path in [*sorted(destination.glob("*.patch")), destination / "series", destination / COVER]:
        if not path.exists():
            continue
        if MARK not in path.read_bytes():
            raise UserError(
                f"{path} is not patchkit's, and would be mixed up with what is to be written; "
                "nothing was written",
                hint="name an empty directory, or a new one in it",
            )
        if path.name not in names:
            stale.append(path)
    return stale

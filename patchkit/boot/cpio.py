# SPDX-License-Identifier: GPL-2.0-only
"""Write an archive in the "newc" form of cpio, the one that the kernel unpacks as its initramfs.

The same entries give the same bytes: no times, no owners, no inode numbers of this machine.
The form is described in the kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, directory, symbolic link or character device."""

    mode: int
    """Type and permissions, as in ``stat.st_mode``."""
    data: bytes = b""
    """A file's contents, or where a symbolic link points to."""
    device: tuple[int, int] = (0, 0)
    """Major and minor number of a device."""


def directory(permissions: int = 0o755) -> Entry:
    """Return an empty directory."""
    return Entry(stat.S_IFDIR | permissions)


def file(data: bytes, permissions: int = 0o644) -> Entry:
    """Return a regular file."""
    return Entry(stat.S_IFREG | permissions, data)


def symlink(target: str) -> Entry:
    """Return a symbolic link to *target*."""
    return Entry(stat.S_IFLNK | 0o777, target.encode())


def character_device(major: int, minor: int, permissions: int = 0o600) -> Entry:
    """Return a character device."""
    return Entry(stat.S_IFCHR | permissions, b"", (major, minor))


def archive(entries: Mapping[str, Entry]) -> bytes:
    """Return the archive of *entries*, by path without a leading ``/``.

    Directories that lead to an entry are added. Raises ValueError for a path that is not relative
    and normalised, or that goes through something other than a directory.
    """
    everything = dict(entries)
    for path in entries:
        parts = path.split("/")
        if any(part in ("", ".", "..") for part in parts) or "\0" in path:
            raise ValueError(f"not a relative, normalised path: {path!r}")
        for depth in range(1, len(parts)):
            above = everything.setdefault("/".join(parts[:depth]), directory())
            if not stat.S_ISDIR(above.mode):
                raise ValueError(f"{path!r} goes through {'/'.join(parts[:depth])!r}, no directory")
    out = bytearray()
    # Sorted, a directory comes before what is in it, as unpacking needs.
    for number, path in enumerate(sorted(everything, key=lambda name: name.split("/")), 1):
        entry = everything[path]
        links = 2 if stat.S_ISDIR(entry.mode) else 1
        _append(out, path, entry.mode, number, links, entry.data, entry.device)
    _append(out, "TRAILER!!!", 0, 0, 1, b"", (0, 0))
    return bytes(out)


def _append(
    out: bytearray, name: str, mode: int, inode: int, links: int, data: bytes,
    device: tuple[int, int],
) -> None:  # fmt: skip
    encoded = name.encode() + b"\0"
    fields = (
        inode, mode, 0, 0, links, 0, len(data), 0, 0, device[0], device[1], len(encoded), 0,
    )  # fmt: skip
    out += b"070701" + b"".join(b"%08x" % field for field in fields) + encoded
    out += b"\0" * (-len(out) % 4)
    out += data
    out += b"\0" * (-len(out) % 4)

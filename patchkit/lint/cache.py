# SPDX-License-Identifier: GPL-2.0-only
"""What the lint keeps between runs: small JSON files in the user's cache, by kind and key.

Whatever is in there can be made again, so nothing here is an error: what cannot be read is not
there, what cannot be written is not kept.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from patchkit.files import keep_file
from patchkit.paths import cache_directory

KEPT = 64
"""Files kept of one kind; the oldest go."""

T = TypeVar("T")


@functools.cache
def code_version() -> str:
    """Return a digest of everything that decides what the lint says: its code and its data."""
    package = Path(__file__).parent
    modules = [
        path
        for root in (package, package.parent / "tree")
        for pattern in ("*.py", "*.toml")
        for path in root.rglob(pattern)
    ]
    digest = hashlib.sha256()
    for path in sorted(modules):
        digest.update(str(path.relative_to(package.parent)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def key_of(words: Iterable[str | bytes]) -> str:
    """Return a name for a combination of words, none of which may hold a NUL."""
    parts = [
        word.encode("utf-8", "surrogateescape") if isinstance(word, str) else word for word in words
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


def load(kind: str, key: str, type: type[T]) -> T | None:
    """Return what was kept under *key*; None when there is nothing, or nothing of this type."""
    path = _file(kind, key)
    try:
        value = msgspec.json.decode(path.read_bytes(), type=type)
        os.utime(path)
    except (OSError, msgspec.DecodeError, UnicodeError):
        return None
    return value


def store(kind: str, key: str, value: Any) -> None:
    """Keep *value*, and forget the oldest of its kind."""
    with contextlib.suppress(UnicodeError):
        store_bytes(kind, key, msgspec.json.encode(value), KEPT)


def load_bytes(kind: str, key: str) -> bytes | None:
    """Return the bytes that were kept under *key*; None when there are none."""
    path = _file(kind, key)
    try:
        data = path.read_bytes()
        os.utime(path)
    except OSError:
        return None
    return data


def store_bytes(kind: str, key: str, data: bytes, kept: int) -> None:
    """Keep *data*, and forget all but the *kept* newest of its kind."""
    path = _file(kind, key)
    keep_file(path, data)
    with contextlib.suppress(OSError):
        _forget(path.parent, kept)


def _file(kind: str, key: str) -> Path:
    return cache_directory() / "lint" / kind / f"{key}.json"


def _forget(directory: Path, kept: int = KEPT) -> None:
    with os.scandir(directory) as entries:
        files = [(entry.stat().st_mtime_ns, entry.path) for entry in entries if entry.is_file()]
    for _, name in sorted(files)[:-kept]:
        Path(name).unlink(missing_ok=True)

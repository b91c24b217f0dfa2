# SPDX-License-Identifier: GPL-2.0-only
"""Results of checks, kept by everything that decides them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TypeVar

import msgspec

from patchkit.files import replace_file
from patchkit.paths import cache_directory

T = TypeVar("T")


class Store:
    """Files named by the digest of their key, below ``verify/`` in the cache."""

    def __init__(self, cache: Path | None = None) -> None:
        self.directory = (cache or cache_directory()) / "verify"

    def _file(self, *key: str) -> Path:
        digest = hashlib.sha256("\0".join(key).encode("utf-8", "surrogateescape")).hexdigest()
        return self.directory / "results" / digest[:2] / f"{digest[2:]}.json"

    def get(self, kind: type[T], *key: str) -> T | None:
        """Return what was kept under *key*, or None; a damaged file counts as none."""
        file = self._file(*key)
        if not file.is_file():
            return None
        try:
            return msgspec.json.decode(file.read_bytes(), type=kind)
        except msgspec.DecodeError:
            file.unlink()
            return None

    def put(self, value: object, *key: str) -> None:
        """Keep *value*; whole or not at all."""
        file = self._file(*key)
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, msgspec.json.encode(value))

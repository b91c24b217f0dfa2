# SPDX-License-Identifier: GPL-2.0-only
"""Trees for tests: one in memory only, and the real ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from patchkit.tree.source import DIRECTORY, REGULAR, compute_blob_id

VERSIONS = ("5.10", "6.1", "6.12", "7.2")
BY_TREE = [
    pytest.param(version, marks=pytest.mark.xdist_group(f"lint-{version}")) for version in VERSIONS
]
"""The real trees, each for one process (``--dist loadgroup``), which analyses it once."""


class MemoryTree:
    """Files by path; *reads* counts what was read."""

    name = "memory"

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = {path: text.encode() for path, text in files.items()}
        self.reads: list[str] = []

    def read(self, path: str) -> bytes | None:
        self.reads.append(path)
        return self.files.get(path)

    def mode(self, path: str) -> int | None:
        if path in self.files:
            return REGULAR
        return DIRECTORY if any(name.startswith(f"{path}/") for name in self.files) else None

    def blob_id(self, path: str) -> str | None:
        data = self.files.get(path)
        return None if data is None else compute_blob_id(data)

    def list(self, under: str = "") -> Iterator[str]:
        prefix = f"{under}/" if under else ""
        return iter(sorted(p for p in self.files if p == under or p.startswith(prefix)))

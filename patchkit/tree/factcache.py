# SPDX-License-Identifier: GPL-2.0-only
"""Answers kept between runs, by definition and by the blobs that were looked at.

An entry says: this question, on trees where these paths are these blobs, has this answer. The
version of the probing code is part of the key, so a stale answer cannot come back.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from patchkit.files import keep_file
from patchkit.paths import cache_directory
from patchkit.tree.finding import Finding

KEPT = 64
"""Answers kept for one definition; the oldest go. A miss costs only the probe."""

Entry = tuple[Mapping[str, str], Finding]


@functools.cache
def code_version() -> str:
    """Return a digest of the modules that decide what a probe answers."""
    digest = hashlib.sha256()
    for module in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(module.name.encode())
        digest.update(module.read_bytes())
    return digest.hexdigest()[:16]


def _file(digest: str) -> Path:
    return cache_directory() / "facts" / code_version() / f"{digest}.json"


@functools.lru_cache(maxsize=4096)
def _entries(path: Path) -> list[Entry]:
    """Return what is kept for a definition; nothing when the file is absent or damaged."""
    try:
        records: Any = json.loads(path.read_bytes())
        return [
            (
                {str(key): str(value) for key, value in record["reads"].items()},
                _finding(record["finding"]),
            )
            for record in records
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def _finding(record: Any) -> Finding:
    value = record["value"]
    kept = tuple(str(item) for item in value) if isinstance(value, list) else value
    if not isinstance(kept, (bool, int, str, tuple)):
        raise TypeError(kept)
    return Finding(kept, str(record["file"]), int(record["line"]), str(record["why"]))


def entries(digest: str) -> list[Entry]:
    """Return the answers kept for the definition with this digest, newest first."""
    return _entries(_file(digest))


def keep(digest: str, reads: Mapping[str, str], finding: Finding) -> None:
    """Keep an answer. That the cache cannot be written is no error: it is only slower."""
    path = _file(digest)
    known = _entries(path)
    known.insert(0, (dict(reads), finding))
    del known[KEPT:]
    records = [
        {
            "reads": dict(read),
            "finding": {
                "value": answer.value,
                "file": answer.file,
                "line": answer.line,
                "why": answer.why,
            },
        }
        for read, answer in known
    ]
    keep_file(path, json.dumps(records).encode())

# SPDX-License-Identifier: GPL-2.0-only
"""Where the entities of a C file are, remembered between runs by the file's content.

Finding them takes a scan of the whole file; a hunk then needs the tokens of its entity only. The
same few dozen files are edited again and again, so what a scan found is kept on disk. The scanning
code is part of the key: a stale answer cannot come back, and a missing one only costs time.
"""

from __future__ import annotations

import functools
import hashlib
import re
import shutil
from pathlib import Path

import msgspec

from patchkit.files import keep_file
from patchkit.paths import cache_directory
from patchkit.tree.csource import Extent, Token, parse, tokenize
from patchkit.tree.factcache import code_version

_INCLUDE = re.compile(rb"^[ \t]*#[ \t]*include\b[^\n]*", re.MULTILINE)
_decoder = msgspec.msgpack.Decoder(tuple[Extent, ...])
_encoder = msgspec.msgpack.Encoder()


class Index:
    """One file's entities, by kind and name."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    @functools.cached_property
    def entities(self) -> tuple[Extent, ...]:
        """All top-level entities, in the order of their start."""
        path = _file(self.data)
        try:
            return _decoder.decode(path.read_bytes())
        except (OSError, msgspec.MsgspecError):
            found = parse(self.data).entities()
            _keep(path, _encoder.encode(found))
            return found

    def find(self, kind: str, name: str) -> list[Extent]:
        """Return all entities of a kind and name, such as both branches of an ``#if``."""
        return [extent for extent in self.entities if extent.name == name and extent.kind == kind]

    def head(self) -> list[Token]:
        """Return the tokens up to the last line that looks like an ``#include``."""
        end = 0
        for found in _INCLUDE.finditer(self.data):
            end = found.end()
        return tokenize(self.data[:end])


@functools.lru_cache(maxsize=256)
def index(data: bytes) -> Index:
    """Return the index of these bytes; the same object while it is among the last 256 used."""
    return Index(data)


def _file(data: bytes) -> Path:
    name = hashlib.sha256(data).hexdigest()[:40]
    return cache_directory() / "entities" / code_version() / name[:2] / name


def _keep(path: Path, content: bytes) -> None:
    versions = path.parents[2]
    if not path.parents[1].is_dir() and versions.is_dir():
        shutil.rmtree(versions, ignore_errors=True)  # of other code: never asked for again
    keep_file(path, content)

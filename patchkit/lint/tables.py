# SPDX-License-Identifier: GPL-2.0-only
"""Initialisers of structs at file scope: ``static const struct file_operations x = { … };``."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from patchkit.lint.ctypes_struct import past_brace

_TABLE = re.compile(
    rb"^(?:(?:static|const|extern|__\w+)\s+)*struct\s+(\w+)\s+(?:(?:const|__\w+)\s+)*"
    rb"(\w+)\s*(?:\[\w*\])?\s*(?:__\w+(?:\([^()]*\))?\s*)*=\s*\{",
    re.MULTILINE,
)
_MEMBER = re.compile(rb"\.\s*(\w+(?:\s*\.\s*\w+)*)\s*=\s*&?\s*(\w+)\s*(?=[,}\n])")


@dataclass(frozen=True, slots=True)
class Initialiser:
    """``struct tag variable = { .member = value }``; values that are one word only."""

    tag: str
    variable: str
    file: str
    members: Mapping[str, str]


@functools.lru_cache(maxsize=512)
def initialisers(data: bytes, path: str) -> tuple[Initialiser, ...]:
    """Return the initialised structs of a file."""
    found = []
    for match in _TABLE.finditer(data):
        end = past_brace(data, match.end() - 1)
        if end < 0:
            continue
        members = {
            b"".join(member[1].split()).decode(): member[2].decode()
            for member in _MEMBER.finditer(data, match.end(), end)
        }
        found.append(Initialiser(match[1].decode(), match[2].decode(), path, members))
    return tuple(found)

# SPDX-License-Identifier: GPL-2.0-only
"""Read checks.toml."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Literal

import msgspec

SETTINGS_FILE = Path(__file__).with_name("checks.toml")


class Accepted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A type of checkpatch message that is not held against a commit."""

    type: str
    under: str
    """Only for files below this path; empty for all."""
    reason: str


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Configuration options that differ from what the target would choose."""

    off: tuple[str, ...]
    on: tuple[str, ...]


class Flavour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way to compile objects."""

    name: str
    about: str
    kernel: str
    """``ARCH=``."""
    target: str
    """The configuration target of the kernel's make."""
    compiler: str
    package: str
    """Debian packages that bring the compiler."""
    which: Literal["all", "core", "foreign"]
    """All objects; those of mm and other architecture-free core code; or those that no flavour
    with "all" builds."""
    prefix: str = ""
    llvm: bool = False
    extra_warnings: bool = False
    sparse: bool = False
    once: bool = False
    """Only for the series as a whole, even with --each."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    accepted: tuple[Accepted, ...]
    options: Options
    flavour: tuple[Flavour, ...]


@functools.cache
def settings() -> Settings:
    """Return what checks.toml says."""
    return msgspec.toml.decode(SETTINGS_FILE.read_bytes(), type=Settings)

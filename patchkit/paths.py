# SPDX-License-Identifier: GPL-2.0-only
"""Where patchkit's own data and its caches are."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parent


def data_directory(name: str) -> Path:
    """Return the directory of *name* (``templates`` or ``kernel-tree-fixtures``).

    An installed wheel carries them inside the package; a checkout has them beside it.
    """
    packaged = _PACKAGE / "_data" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name


def cache_directory() -> Path:
    """Return the root of everything that can be made again: trees, builds, run directories.

    ``PATCHKIT_CACHE`` overrides the user's cache directory.
    """
    override = os.environ.get("PATCHKIT_CACHE")
    root = Path(override) if override else Path(platformdirs.user_cache_dir("patchkit"))
    root.mkdir(parents=True, exist_ok=True)
    return root

# SPDX-License-Identifier: GPL-2.0-only
"""Nothing of the user's own setup reaches a test, and real kernel trees are opened once."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from patchkit.tree.source import GitTree

# No test depends on the speed of the machine.
settings.register_profile("patchkit", deadline=None)
settings.load_profile("patchkit")

_TREES = os.environ.get("PATCHKIT_TEST_TREES")
_homes = itertools.count()
_NEEDS_REAL_CACHE = ("real", "boot", "prove")


@pytest.fixture(autouse=True)
def _isolation(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Give each test a home, a cache and a git configuration of its own.

    Tests of real trees and kernels keep the cache: what is in it takes minutes to make.
    """
    if any(request.node.get_closest_marker(name) for name in _NEEDS_REAL_CACHE):
        return
    # Not by mktemp: that lists all of them each time to find the next number.
    home = tmp_path_factory.getbasetemp() / f"home-{next(_homes)}"
    home.mkdir()
    for name in list(os.environ):
        if name.startswith(("GIT_", "PATCHKIT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("PATCHKIT_CACHE", str(home / "patchkit"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))


@pytest.fixture(scope="session")
def real_tree() -> Iterator[Callable[[str], GitTree]]:
    """Open Debian's tree of a version, such as ``real_tree("5.10")``.

    They are taken from ``$PATCHKIT_TEST_TREES/VERSION`` if that is set, else fetched.
    """
    opened: dict[str, GitTree] = {}

    def open_one(version: str) -> GitTree:
        if version not in opened:
            if _TREES:
                repository = Path(_TREES) / version
            else:
                from patchkit.tree.fetch import get

                repository = get(f"debian:{version}")
            opened[version] = GitTree(repository, name=f"debian:{version}")
        return opened[version]

    yield open_one
    for tree in opened.values():
        tree.close()

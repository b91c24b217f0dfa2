# SPDX-License-Identifier: GPL-2.0-only
"""The chosen mutants of the real trees, kept while trees and generator are the same."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from mutants import generate
from mutants.model import VERSIONS, Half, Mutant, half_of
from patchkit.paths import cache_directory
from patchkit.tree.source import GitTree

SEED = "1"
"""Makes the halves; docs/lint-measure.md says when it changed and why."""


READ = {
    "6dae7c28bdab1443944fa5161d217d7d9b4794f3": "5.10.262-1",
    "b8c31987ab1c9d0e134eac7a81d7dc4689e8065e": "6.1.192-2",
    "23481b65e33b461f4934938716acfba8fe6d61dd": "6.12.117-1~deb12u1",
    "084e828a933e69b0f172583c8e478dfde7b38157": "7.2.13-1",
}
"""The trees, by id, that docs/findings.md and the cases were made of. Debian moves on, so tests on
another one ask for nearly the same, and warn."""


def open_tree(version: str) -> GitTree:
    """Open Debian's tree of a version: ``$PATCHKIT_TEST_TREES/VERSION`` if that is set."""
    trees = os.environ.get("PATCHKIT_TEST_TREES")
    if trees:
        return GitTree(Path(trees) / version, name=f"debian:{version}")
    from patchkit.tree.fetch import get

    return GitTree(get(f"debian:{version}"), name=f"debian:{version}")


def _generator() -> str:
    """Return a digest of the code that makes mutants, and of the counters."""
    here = Path(__file__).parent
    names = ("model", "view", "effects", "survey", "ops", "generate")
    paths = [here / f"{name}.py" for name in names]
    paths += sorted((*here.glob("defects_*.py"), *here.glob("harmless_*.py")))
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def mutants_of(version: str, tree: GitTree) -> list[Mutant]:
    """Return the chosen mutants of a tree, from the cache when nothing has changed."""
    directory = cache_directory() / "mutants"
    path = directory / f"{version}-{tree.tree_id[:12]}-{_generator()}.json"
    if path.is_file():
        return msgspec.json.decode(path.read_bytes(), type=list[Mutant])
    found = generate.mutants(version, tree)
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.glob(f"{version}-*.json"):
        old.unlink()
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_bytes(msgspec.json.encode(found))
    temporary.replace(path)
    return found


def corpus(versions: Iterable[str] = VERSIONS) -> list[Mutant]:
    """Return the mutants that are measured, over the trees of these versions."""
    found: list[Mutant] = []
    for version in versions:
        with open_tree(version) as tree:
            found += mutants_of(version, tree)
    return found


def half(mutants: Iterable[Mutant], which: Half | None) -> list[Mutant]:
    """Return the mutants of one half; all for None."""
    return [m for m in mutants if which is None or half_of(m.path, SEED) == which]

# SPDX-License-Identifier: GPL-2.0-only
"""Compile mutants as their kernel would: allmodconfig, one object each."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from mutants.corpus import open_tree
from mutants.model import Mutant, rank
from patchkit.build.source import Source, materialise
from patchkit.tree.source import GitTree
from patchkit.verify import compilers
from patchkit.verify.kbuild import Compiled, Kernel
from patchkit.verify.settings import settings

_FOREIGN = {
    "arch/s390/": "objects-s390",
    "arch/arm64/": "objects-arm64",
    "arch/powerpc/": "objects-powerpc",
    "drivers/vfio/vfio_iommu_spapr_tce.c": "objects-powerpc",
}


def sample(mutants: list[Mutant], size: int) -> list[Mutant]:
    """Choose mutants by a stable order, operators in turn."""
    ranked = sorted(mutants, key=lambda one: rank("compile", one.id))
    turns: dict[str, list[Mutant]] = {}
    for mutant in ranked:
        turns.setdefault(mutant.operator, []).append(mutant)
    chosen: list[Mutant] = []
    while len(chosen) < min(size, len(mutants)):
        for queue in turns.values():
            if queue and len(chosen) < size:
                chosen.append(queue.pop(0))
    return chosen


def _flavour(path: str) -> str:
    return next((name for start, name in _FOREIGN.items() if path.startswith(start)), "objects")


def _object(mutant: Mutant, tree: GitTree) -> str:
    """Return the object to build; for a header one of a file beside it that includes it."""
    path = PurePosixPath(mutant.path)
    if path.suffix == ".c":
        return os.fspath(path.with_suffix(".o"))
    for other in tree.list(os.fspath(path.parent)):
        text = tree.read(other) or b""
        if other.endswith(".c") and b'"%b"' % path.name.encode() in text:
            return other[:-2] + ".o"
    return ""


def _same_warnings(before: Compiled, after: Compiled) -> list[str]:
    left = list(before.warnings)
    new = []
    for text in after.warnings:
        if text in left:
            left.remove(text)
        else:
            new.append(text)
    return new


def _build(
    source: Source, tree: GitTree, mutants: list[Mutant], jobs: int
) -> Iterator[tuple[Mutant, str]]:
    """Yield each mutant with what came of it: ``ok``, ``ok, warns: …``, ``fails: …``, ``not …``."""
    kernels: dict[str, Kernel | None] = {}
    pristine: dict[str, Compiled] = {}
    for mutant in mutants:
        flavour = next(f for f in settings().flavour if f.name == _flavour(mutant.path))
        if flavour.name not in kernels:
            compiler = compilers.find(flavour)
            kernel = Kernel(source, flavour, compiler, jobs=jobs, nice=15) if compiler else None
            if kernel is not None:
                kernel.configure()
            kernels[flavour.name] = kernel
        kernel = kernels[flavour.name]
        name = _object(mutant, tree)
        if kernel is None or not name:
            yield mutant, "not tried: no compiler" if name else "not tried: no object"
            continue
        key = f"{flavour.name} {name}"
        if key not in pristine:
            pristine[key] = kernel.compile([name])[name]
        if not pristine[key].built:
            yield mutant, "not tried: the original does not build in this configuration"
            continue
        file = source.path / mutant.path
        data = file.read_bytes()
        try:
            file.write_bytes(mutant.apply(data))
            done = kernel.compile([name])[name]
        finally:
            file.write_bytes(data)
        if not done.built:
            errors = re.findall(r"(?:error|undefined reference)[^\n]*", done.output)
            yield mutant, f"fails: {errors[0] if errors else done.output[-300:]}"
            continue
        new = _same_warnings(pristine[key], done)
        yield mutant, f"ok, warns: {new[0]}" if new else "ok"


def compile_sample(mutants: list[Mutant], size: int, work: Path, jobs: int) -> int:
    """Compile a sample and print what came of each; 1 when one does not compile."""
    chosen = sample(mutants, size)
    good = bad = untried = 0
    for version in sorted({m.tree for m in chosen}):
        with open_tree(version) as tree, materialise(tree.repository, tree.commit, cache=work) as s:
            of_tree = [m for m in chosen if m.tree == version]
            for mutant, said in _build(s, tree, of_tree, jobs):
                good += said.startswith("ok")
                bad += said.startswith("fails")
                untried += said.startswith("not")
                print(f"{mutant.id} {version} {mutant.path} {mutant.function}: {said}", flush=True)
    print(f"{good} compile, {bad} do not, {untried} not tried, of {len(chosen)}")
    return 1 if bad else 0

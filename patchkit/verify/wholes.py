# SPDX-License-Identifier: GPL-2.0-only
"""Checks on a whole tree: the user-space tests of VMA code, and a linked kernel."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from patchkit import process
from patchkit.build import kernel
from patchkit.build.arch import Arch
from patchkit.build.kconfig import OptionsDropped, fragments_for
from patchkit.build.source import Source
from patchkit.build.toolchain import Toolchain
from patchkit.progress import Progress, no_progress
from patchkit.verify.model import Change, Outcome, tail

VMA_TESTS = "tools/testing/vma"
_COPIED = ("tools", "lib", "mm", "include", "arch/x86/include", "scripts")
_MATTERS = ("mm/", "include/", "lib/", "tools/testing/", "tools/include/", "tools/lib/")
TEST_SECONDS = 600.0
"""How long the VMA tests may run; they take a second."""


def vma_tests_matter(changes: Iterable[Change]) -> bool:
    """Tell whether *changes* can make a difference to tools/testing/vma."""
    return any(change.path.startswith(_MATTERS) for change in changes)


def vma_tests(source: Source, jobs: int) -> Outcome:
    """Build and run tools/testing/vma on a copy: its Makefile writes beside its sources."""
    copy = source.slot / "verify-vma"
    shutil.rmtree(copy, ignore_errors=True)
    try:
        for name in _COPIED:
            if (source.path / name).is_dir():
                shutil.copytree(source.path / name, copy / name, symlinks=True)
        done = process.run(
            ["make", f"-j{jobs}", "-C", copy / VMA_TESTS], check=False,
            env={"LC_ALL": "C", "MAKEFLAGS": "", "MFLAGS": "", "MAKELEVEL": ""},
            on_line=lambda _: None,
        )  # fmt: skip
        said = done.stdout.decode("utf-8", "replace").splitlines()
        if any("urcu" in line and "No such file" in line for line in said):
            return Outcome("infrastructure", f"{VMA_TESTS} needs apt-get install liburcu-dev")
        if done.returncode != 0:
            return Outcome("fail", tail([f"{VMA_TESTS} does not build:", *said]))
        ran = process.run(
            [copy / VMA_TESTS / "vma"], cwd=copy / VMA_TESTS, check=False, timeout=TEST_SECONDS,
            on_line=lambda _: None,
        )  # fmt: skip
        lines = ran.stdout.decode("utf-8", "replace").splitlines()
        state = "ok" if ran.returncode == 0 and lines else "fail"
        return Outcome("ok" if state == "ok" else "fail", tail(lines))
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def vmlinux(
    source: Source, arch: Arch, toolchain: Toolchain, jobs: int, progress: Progress = no_progress
) -> Outcome:
    """Link a whole kernel of patchkit's own small configuration."""
    request = kernel.BuildRequest(
        source.path, source.slot, arch, toolchain, fragments_for(arch), jobs, source.tree_id
    )
    try:
        built = kernel.build(request, progress)
    except (kernel.BuildFailed, OptionsDropped) as error:
        return Outcome("fail", tail(error.message.splitlines()))
    return Outcome("ok", f"{Path(built.image).name}, {built.steps} files made")

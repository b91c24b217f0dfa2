# SPDX-License-Identifier: GPL-2.0-only
"""What vm-pinned and mpin cost where nothing is pinned: instructions per call, without and with.

    python benchmarks/mm.py [--tree debian:6.12] [--debug-vm]

The same configuration is built of the tree as it is and with the series on top. Both kernels boot
in a QEMU that counts instructions (``-icount shift=0``, one processor) and run mm_calls.c there.
Such a guest does the same every time, so that one run of each is enough.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from patchkit.boot.initramfs import compile_init, initramfs, library_finder
from patchkit.boot.session import BootRequest, boot
from patchkit.boot.vm import Clocks
from patchkit.build.arch import load_arch
from patchkit.build.selftests import Selftest
from patchkit.build.toolchain import detect
from patchkit.pipeline import TestRequest, build
from patchkit.tree.resolve import open_tree
from patchkit.tree.source import GitTree

AIM = 1.01
SERIES = ("vm-pinned", "mpin")
BRANCH = "patchkit/benchmark-mm"
SOURCE = Path(__file__).resolve().parent / "mm_calls.c"
PROGRAM = Selftest("mm", "mm_calls", 600)
LINE = re.compile(r"^#? ?mm: (\S+) (\d+(?:\.\d+)?)$", re.MULTILINE)
COUNTED = Clocks(first_byte=120, ready=600, silence=600, total=3600)
"""A guest whose instructions are counted is several times slower."""


def parse(results: str) -> dict[str, float]:
    """Return instructions per call by the call's name, in the order of the results.

    Raises ValueError when there are none, or a name comes twice.
    """
    found: dict[str, float] = {}
    for name, count in LINE.findall(results):
        if name in found:
            raise ValueError(f"{name} was measured twice: expected one line for each call")
        found[name] = float(count)
    if not found:
        raise ValueError("expected lines such as 'mm: brk 1234.5', found none in the results")
    return found


def table(base: Mapping[str, float], patched: Mapping[str, float]) -> tuple[list[str], float]:
    """Return the lines to print, and the greatest ratio.

    Raises ValueError when the two have not measured the same calls.
    """
    if base.keys() != patched.keys():
        odd = ", ".join(sorted(base.keys() ^ patched.keys()))
        raise ValueError(f"expected the same calls of both kernels, only one has: {odd}")
    ratios = {name: patched[name] / base[name] for name in base}
    lines = [f"{'call':<20} {'without':>12} {'with':>12}  ratio"]
    lines += [
        f"{name:<20} {base[name]:12.1f} {patched[name]:12.1f}  {ratios[name]:.4f}" for name in base
    ]
    return lines, max(ratios.values())


def measure(tree: Path, revision: str, fragment: Path, scratch: Path) -> dict[str, float]:
    """Build a revision, boot it, and return what its calls take."""
    arch = load_arch("x86_64")
    toolchain = detect(arch)
    built = build(TestRequest(tree, revision, accelerator="tcg", fragments=(fragment,)))
    program = scratch / "install" / PROGRAM.target / PROGRAM.name
    program.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [toolchain.compiler, "-O2", "-Wall", "-static", "-o", program, SOURCE], check=True
    )
    archive = scratch / "initramfs.cpio"
    archive.write_bytes(
        initramfs(
            compile_init(toolchain), scratch / "install", (PROGRAM,), library_finder(toolchain)
        )
    )
    booted = boot(
        BootRequest(
            arch, built.image, archive, built.directory, "tcg", COUNTED, cpus=1,
            append=("norandmaps",), icount=True,
        )
    )  # fmt: skip
    text = booted.results.read_text(encoding="utf-8", errors="replace")
    try:
        return parse(text)
    except ValueError as error:
        raise SystemExit(f"{booted.results}: {error} (the guest: {booted.vm.end})") from None


def main() -> int:
    """Print the table; 1 when the aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tree", default="debian:6.12")
    parser.add_argument("--debug-vm", action="store_true", help="with the kernel's own checks")
    arguments = parser.parse_args()
    tree = open_tree(arguments.tree)
    assert isinstance(tree, GitTree)
    subprocess.run(
        [sys.executable, "-m", "patchkit", "apply", *SERIES, "--tree", arguments.tree, "--branch",
         BRANCH, "--quiet"], check=True,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        fragment = scratch / "mm.config"
        fragment.write_text("" if arguments.debug_vm else "# CONFIG_DEBUG_VM is not set\n")
        base = measure(tree.repository, tree.commit, fragment, scratch)
        patched = measure(tree.repository, BRANCH, fragment, scratch)
    lines, worst = table(base, patched)
    print("\n".join(lines))
    print(f"aim {AIM}: {'met' if worst <= AIM else 'missed'}")
    return int(worst > AIM)


if __name__ == "__main__":
    sys.exit(main())

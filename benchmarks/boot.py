# SPDX-License-Identifier: GPL-2.0-only
"""How much longer a run of patchkit takes than QEMU alone on the same kernel and initramfs.

    python benchmarks/boot.py KERNEL-IMAGE [--runs 5]

Both boot the image with an initramfs of our init and one test that does nothing, to the end of
the guest, by turns. "patchkit" watches clocks, ports and console, judges, and writes what a run
directory has. "bare" is the command line that qemu.sh has, with the ports going to files. Where
virtme-ng is installed it boots the image too; its guest is another, with the host's files.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from patchkit.boot.accel import qemu_version
from patchkit.boot.initramfs import compile_init, initramfs, library_finder
from patchkit.boot.session import BootRequest, BootResult, boot
from patchkit.boot.vm import Clocks
from patchkit.build.arch import load_arch
from patchkit.build.selftests import Selftest
from patchkit.build.toolchain import detect
from patchkit.results.junit import write_junit
from patchkit.results.ktap import Parser
from patchkit.results.page import write_page
from patchkit.results.record import Run, banner, write_run
from patchkit.results.verdict import judge

AIM = 1.3


def archive(directory: Path) -> Path:
    """Make the initramfs."""
    toolchain = detect(load_arch("x86_64"), ccache=False)
    install = directory / "install"
    (install / "boot").mkdir(parents=True)
    source = directory / "nothing.c"
    source.write_text("int main(void) { return 0; }\n")
    subprocess.run(
        [toolchain.compiler, "-static", "-o", install / "boot" / "nothing", source], check=True
    )
    path = directory / "initramfs.cpio"
    path.write_bytes(
        initramfs(
            compile_init(toolchain), install, (Selftest("boot", "nothing", 60),),
            library_finder(toolchain),
        )
    )  # fmt: skip
    return path


def with_patchkit(image: Path, initrd: Path, directory: Path) -> BootResult:
    """Boot, judge, and write everything."""
    parser = Parser(recover=False)
    clocks = Clocks()
    booted = boot(
        BootRequest(load_arch("x86_64"), image, initrd, directory, "tcg", clocks),
        on_results=parser.feed,
    )
    verdict = judge(
        parser.end(), declared=["boot: nothing"], crashes=booted.vm.crashes, vm=booted.vm,
        clocks=clocks,
    )  # fmt: skip
    if verdict.word != "pass":
        raise SystemExit(f"the guest did not pass: {verdict.why}")
    run = Run(
        verdict=verdict.word, why=verdict.why, tests=verdict.tests, crashes=verdict.crashes,
        end=booted.vm.end, accelerator=booted.accelerator, accelerator_why=booted.why, tree="",
        commit="", targets=("boot",), profile="default", seconds={"boot": booted.vm.seconds},
        versions={
            "kernel": banner(booted.console), "qemu": qemu_version(load_arch("x86_64"))
        },
        commands={"reproduce": "", "qemu": booted.command},
    )  # fmt: skip
    write_junit(verdict, directory / "junit.xml")
    write_run(run, directory)
    write_page(run, directory)
    return booted


def timed(what: Callable[[], object]) -> float:
    """Return how many seconds it takes."""
    started = time.monotonic()
    what()
    return time.monotonic() - started


def main() -> None:
    """Measure by turns and print medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("image", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    image = arguments.image.resolve()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        initrd = archive(directory)
        command = shlex.split(with_patchkit(image, initrd, directory).command)

        def bare() -> None:
            subprocess.run(command, cwd=directory, stdout=subprocess.DEVNULL, check=True)

        ways: dict[str, Callable[[], object]] = {
            "bare QEMU": bare, "patchkit": lambda: with_patchkit(image, initrd, directory),
        }  # fmt: skip
        if vng := shutil.which("vng"):
            ways["virtme-ng"] = lambda: subprocess.run(
                [vng, "--disable-kvm", "--run", image, "--", "true"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
            )  # fmt: skip
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(arguments.runs):
            for way, call in ways.items():
                seconds[way].append(timed(call))
    base = statistics.median(seconds["bare QEMU"])
    for way, values in seconds.items():
        middle = statistics.median(values)
        print(f"{way:<10} {middle:6.2f} s, {middle / base:.2f} x bare"
              f"  ({', '.join(f'{value:.2f}' for value in values)})")  # fmt: skip
    ratio = statistics.median(seconds["patchkit"]) / base
    print(f"aim {AIM} x: {'met' if ratio <= AIM else 'missed'}")


if __name__ == "__main__":
    main()

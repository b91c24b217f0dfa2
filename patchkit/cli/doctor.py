# SPDX-License-Identifier: GPL-2.0-only
"""``patchkit doctor``: what this machine has, what is missing, what for, and how to get it."""

from __future__ import annotations

import argparse
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patchkit import process
from patchkit.boot.accel import decide
from patchkit.build.arch import native_arch
from patchkit.cli.output import Output
from patchkit.commits.merge import NEEDED_GIT
from patchkit.errors import ExitCode, PatchkitError
from patchkit.paths import cache_directory


@dataclass(frozen=True, slots=True)
class Need:
    """A program, or a file if it starts with ``/``: what uses it, and Debian's package of it.

    *at_least* is the oldest version that will do.
    """

    program: str
    used_by: str
    package: str
    required: bool = True
    at_least: tuple[int, ...] = ()


NEEDS = (
    Need("git", "apply, build", "git", at_least=NEEDED_GIT),
    Need("apt-get", "tree get debian:…", "apt", required=False),
    Need("dpkg-deb", "tree get debian:…", "dpkg", required=False),
    Need("xz", "tree get", "xz-utils"),
    Need("tar", "verify", "tar"),
    Need("make", "build, verify", "make"),
    Need("gcc", "build, verify", "gcc"),
    Need("flex", "build, verify", "flex"),
    Need("bison", "build, verify", "bison"),
    Need("bc", "build, verify", "bc"),
    Need("perl", "verify, export --cc", "perl"),
    Need("/usr/include/libelf.h", "build, verify", "libelf-dev"),
    Need("/usr/include/openssl/ssl.h", "build, verify", "libssl-dev"),
    Need("rsync", "kselftests", "rsync"),
    Need("qemu-system-x86_64", "test, run", "qemu-system-x86"),
    Need("qemu-system-aarch64", "--arch arm64", "qemu-system-arm", required=False),
    Need("aarch64-linux-gnu-gcc", "--arch arm64", "gcc-aarch64-linux-gnu", required=False),
    Need(
        "/usr/aarch64-linux-gnu/lib/libc.so",
        "--arch arm64",
        "libc6-dev-arm64-cross",
        required=False,
    ),
    Need("ccache", "faster builds", "ccache", required=False),
    Need("sparse", "verify", "sparse", required=False),
    Need("clang", "verify", "clang", required=False),
    Need("quilt", "export --quilt", "quilt", required=False),
    Need("b4", "export --b4", "b4", required=False),
)
DISK_GIB = 10
"""What one kernel takes: repository 0.3, checkout 1.6, small build 1, verify's builds 5."""

_VERSION = re.compile(r"\d+(?:\.\d+)+")


def doctor(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Print a row for each need; 3 when one that is required is missing or too old."""
    rows = [_look(need) for need in NEEDS]
    free = shutil.disk_usage(cache_directory()).free / 2**30
    accelerator, why = _accelerator()
    if arguments.format == "json":
        output.json({
            "schema": 1, "programs": rows, "free_gib": round(free, 1),
            "needed_gib": DISK_GIB, "accelerator": accelerator, "accelerator_why": why,
            "kvm": accelerator == "kvm",
        })  # fmt: skip
    else:
        output.table(
            ("NEED", "STATE", "VERSION", "USED BY"),
            ((row["program"], row["state"], row["version"], row["used_by"]) for row in rows),
        )
        _talk_of_the_machine(output, free, accelerator, why)
        for row in rows:
            if row["install"]:
                output.data(f"{row['program']} ({row['used_by']}): {row['install']}")
    missing = [row for row in rows if row["state"] in ("missing", "too old")]
    if missing:
        packages = " ".join(sorted({row["package"] for row in missing}))
        output.error(
            f"{' '.join(row['program'] for row in missing)}: missing or too old",
            f"sudo apt-get install {packages}",
        )
        return ExitCode.INFRASTRUCTURE
    return ExitCode.YES


def _talk_of_the_machine(output: Output, free: float, accelerator: str, why: str) -> None:
    cache = cache_directory()
    few = "" if free >= DISK_GIB else f", less than the {DISK_GIB} GiB that one kernel takes"
    output.data(f"disk: {free:.0f} GiB free for {cache}{few}")
    if few:
        output.data("disk: make room, or PATCHKIT_CACHE=DIRECTORY")
    output.data(f"guests run under {accelerator.upper()}: {why}" if accelerator else f"QEMU: {why}")


def _look(need: Need) -> dict[str, Any]:
    file = need.program.startswith("/")
    there = Path(need.program).exists() if file else shutil.which(need.program) is not None
    version = _version(need.program) if there and not file else ""
    state = "ok" if there else "missing" if need.required else "optional"
    if there and need.at_least and _numbers(version) < need.at_least:
        state = "too old"
    return {
        "program": need.program, "state": state, "version": version, "used_by": need.used_by,
        "package": need.package,
        "install": "" if state == "ok" else f"sudo apt-get install {need.package}",
    }  # fmt: skip


def _accelerator() -> tuple[str, str]:
    """Return what a guest would run under and why; "" and the reason when none would run."""
    try:
        arch = native_arch()
        if shutil.which(arch.qemu.program) is None:
            return "", f"there is no {arch.qemu.program}, so no guest can run"
        decision = decide(arch)
    except PatchkitError as error:
        return "", error.message
    return decision.accelerator, decision.why


def _version(program: str) -> str:
    done = process.run([program, "--version"], timeout=60, check=False)
    text = (done.stdout or done.stderr).decode("utf-8", "replace")
    found = _VERSION.search(text)
    return found[0] if found else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part)

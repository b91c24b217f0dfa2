# SPDX-License-Identifier: GPL-2.0-only
"""``patchkit doctor``: what this machine has, what is missing, and what for."""

from __future__ import annotations

import argparse
import os
import shutil
from dataclasses import dataclass

from patchkit import process
from patchkit.cli.output import Output
from patchkit.errors import ExitCode
from patchkit.paths import cache_directory


@dataclass(frozen=True, slots=True)
class Need:
    """A program, what uses it, and the Debian package that has it."""

    program: str
    used_by: str
    package: str
    required: bool = True


NEEDS = (
    Need("git", "apply, build", "git"),
    Need("apt-get", "tree get debian:…", "apt", required=False),
    Need("make", "build, verify", "make"),
    Need("gcc", "build, verify", "gcc"),
    Need("flex", "build, verify", "flex"),
    Need("bison", "build, verify", "bison"),
    Need("bc", "build, verify", "bc"),
    Need("perl", "verify (checkpatch, kernel-doc)", "perl"),
    Need("rsync", "kselftests (headers_install)", "rsync"),
    Need("xz", "tree get", "xz-utils"),
    Need("qemu-system-x86_64", "test, run", "qemu-system-x86"),
    Need("ccache", "faster builds", "ccache", required=False),
    Need("sparse", "verify", "sparse", required=False),
    Need("clang", "verify (LLVM=1)", "clang", required=False),
)
DISK_GIB = 10
"""What one kernel takes: repository 0.3, checkout 1.6, small build 1, verify's builds 5."""


def doctor(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Print a row for each program; 3 when one that is required is missing."""
    rows, missing = [], []
    for need in NEEDS:
        path = shutil.which(need.program)
        if path is None and need.required:
            missing.append(need.package)
        state = "ok" if path else "missing" if need.required else "optional"
        rows.append(
            {
                "program": need.program,
                "state": state,
                "version": _version(need.program) if path else "",
                "used_by": need.used_by,
                "package": need.package,
            }
        )
    free = shutil.disk_usage(cache_directory()).free / 2**30
    kvm = os.access("/dev/kvm", os.R_OK | os.W_OK)
    if arguments.format == "json":
        output.json({"schema": 1, "programs": rows, "free_gib": round(free, 1), "kvm": kvm})
    else:
        output.table(
            ("PROGRAM", "STATE", "VERSION", "USED BY"),
            ((row["program"], row["state"], row["version"], row["used_by"]) for row in rows),
        )
        enough = "" if free >= DISK_GIB else f" (less than {DISK_GIB} GiB: one kernel's worth)"
        output.data(f"free disk for caches: {free:.0f} GiB{enough}")
        output.data(
            "KVM: /dev/kvm opens; test finds out whether a kernel runs in it"
            if kvm
            else "KVM: no access to /dev/kvm; guests run under TCG"
        )
    if missing:
        output.error(
            f"missing: {', '.join(missing)}", "sudo apt-get install " + " ".join(sorted(missing))
        )
        return ExitCode.INFRASTRUCTURE
    return ExitCode.YES


def _version(program: str) -> str:
    done = process.run([program, "--version"], timeout=20, check=False)
    text = (done.stdout or done.stderr).decode("utf-8", "replace").strip()
    return text.splitlines()[0][:60] if text else ""

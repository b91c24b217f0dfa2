# SPDX-License-Identifier: GPL-2.0-only
"""Use KVM where it works, which is less often than where it can be opened.

Nested machines exist where ``/dev/kvm`` opens, QEMU starts, firmware runs, and the kernel never
prints a byte. So the first boot is the probe: under KVM with a short clock for the first byte, and
again under TCG if that runs out. Only if the same kernel then speaks is KVM to blame; what was
learned is kept for this boot of this machine and this QEMU.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from patchkit import process
from patchkit.boot.qemu import Accelerator
from patchkit.build.arch import Arch
from patchkit.errors import InfrastructureError
from patchkit.files import replace_file
from patchkit.paths import cache_directory

Choice = Literal["auto", "kvm", "tcg"]
PROBE_SECONDS = 10.0
"""How long a kernel under KVM may take to its first byte; one that works needs less than one."""
DEVICE = Path("/dev/kvm")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Decision:
    """Which accelerator to use, and why."""

    accelerator: Accelerator
    why: str
    probe: bool = False
    """Whether it is not known yet that it works, so that it needs a short first-byte clock."""


def decide(arch: Arch, choice: Choice = "auto", *, cache: Path | None = None) -> Decision:
    """Return what to start a guest with.

    Raises InfrastructureError when KVM is demanded and cannot be opened.
    """
    if choice == "tcg":
        return Decision("tcg", "asked for")
    reason = _unusable(arch)
    if choice == "kvm":
        if reason:
            raise InfrastructureError(
                f"KVM was asked for: {reason}", hint="use --accel auto, or --accel tcg"
            )
        return Decision("kvm", "asked for")
    if reason:
        return Decision("tcg", reason)
    known = recall(arch, cache)
    if known is True:
        return Decision("kvm", "it worked before since this machine was started")
    if known is False:
        return Decision("tcg", "under KVM a kernel printed nothing on this machine")
    return Decision("kvm", "it can be opened", probe=True)


def _unusable(arch: Arch) -> str:
    """Return why KVM cannot even be tried; empty when it can."""
    if not arch.native:
        return f"{arch.name} is not this machine's architecture"
    if not DEVICE.exists():
        return f"there is no {DEVICE}"
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        return f"{DEVICE} cannot be opened for reading and writing by this user"
    return ""


def remember(arch: Arch, works: bool, cache: Path | None = None) -> None:
    """Keep whether KVM works, until this machine is started again or gets another QEMU."""
    path = _memory(cache)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, json.dumps({"key": _key(arch), "works": works}).encode())


def recall(arch: Arch, cache: Path | None = None) -> bool | None:
    """Return what remember() kept; None when nothing is known."""
    try:
        known = json.loads(_memory(cache).read_text())
        return bool(known["works"]) if known["key"] == _key(arch) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _memory(cache: Path | None) -> Path:
    return (cache or cache_directory()) / "kvm.json"


def _key(arch: Arch) -> str:
    boot = BOOT_ID.read_text().strip() if BOOT_ID.is_file() else ""
    return hashlib.sha256(f"{boot}\0{qemu_version(arch)}".encode()).hexdigest()


def qemu_version(arch: Arch) -> str:
    """Return the first line of what QEMU says of itself."""
    said = process.run([arch.qemu.program, "--version"]).stdout
    return said.decode("utf-8", "replace").splitlines()[0].strip() if said else ""

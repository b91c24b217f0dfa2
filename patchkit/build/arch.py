# SPDX-License-Identifier: GPL-2.0-only
"""Architectures are data: one TOML file each in ``arches/``."""

from __future__ import annotations

import platform
from pathlib import Path

import msgspec

from patchkit.errors import UserError

ARCHES = Path(__file__).resolve().parent / "arches"


class Machine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How QEMU is to be started for it."""

    program: str
    machine: str
    cpu: dict[str, str]
    """Processor model by accelerator: ``tcg`` and ``kvm``."""
    memory: str
    console: str
    append: tuple[str, ...]
    """What the kernel's command line needs on this machine."""
    serial: str
    """The QEMU device that carries the ports of virtio-serial."""


class Arch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One architecture that patchkit can build for and boot."""

    name: str
    kernel: str
    """The value of ``ARCH=``."""
    target: str
    """What to make for an image to boot."""
    image: str
    """Where that image is, relative to the build directory."""
    machines: tuple[str, ...]
    """Values of ``uname -m`` that build it without a cross compiler."""
    cross: str
    """Prefix of the cross compiler's programs, with its final hyphen."""
    qemu: Machine

    @property
    def native(self) -> bool:
        """Whether this machine runs its programs itself."""
        return platform.machine() in self.machines

    @property
    def prefix(self) -> str:
        """The value of ``CROSS_COMPILE=``; empty on such a machine."""
        return "" if self.native else self.cross


def arch_names() -> tuple[str, ...]:
    """Return the names of all architectures, sorted."""
    return tuple(sorted(path.stem for path in ARCHES.glob("*.toml")))


def load_arch(name: str) -> Arch:
    """Return the architecture *name*; UserError with the list when there is none."""
    if name not in arch_names():
        raise UserError(f"no architecture {name!r}; there are: {', '.join(arch_names())}")
    path = ARCHES / f"{name}.toml"
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Arch)
    except msgspec.ValidationError as error:
        raise UserError(f"{path}: {error}") from None


def native_arch() -> Arch:
    """Return this machine's architecture; UserError when patchkit does not know it."""
    every = map(load_arch, arch_names())
    return next((arch for arch in every if arch.native), None) or load_arch(platform.machine())

# SPDX-License-Identifier: GPL-2.0-only
"""The command that starts a guest; pure, so that it can be shown and tested."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from patchkit.build.arch import Arch

Accelerator = Literal["kvm", "tcg"]

PORTS = ("results", "status")
"""The ports of virtio-serial, as ``patchkit.NAME`` in the guest."""


@dataclass(frozen=True, slots=True)
class Guest:
    """A guest to start."""

    arch: Arch
    image: Path
    initramfs: Path
    accelerator: Accelerator
    cpus: int = 2
    memory: str = ""
    """As QEMU takes it; empty for what the architecture's file says."""
    append: tuple[str, ...] = ()
    """More for the kernel's command line."""
    ports: tuple[str, ...] = ()
    """More ports of virtio-serial; *channels* of command() must have them, in both directions."""
    icount: bool = False
    """The guest's clocks count its instructions, a nanosecond each. Not under KVM."""

    @property
    def command_line(self) -> str:
        """The kernel's command line."""
        return " ".join(
            (
                *self.arch.qemu.append,
                # The first oops ends the guest: what a damaged kernel says later means nothing.
                "panic=-1", "oops=panic",
                *self.append,
            )
        )  # fmt: skip


def command(guest: Guest, channels: dict[str, int] | None = None) -> list[str]:
    """Return the argument list that starts *guest*.

    *channels* are the descriptors of connected sockets for ``results``, ``status`` and ``control``
    (QMP). Without it the ports go to files in the current directory, for repeating by hand.
    """
    machine = guest.arch.qemu
    # QEMU counts instructions in one thread only.
    threads = "single" if guest.icount else "multi"
    argv = [
        machine.program,
        # Nothing but what is asked for here, whatever the user's configuration of QEMU says.
        "-nodefaults", "-no-user-config", "-display", "none",
        "-machine", machine.machine,
        "-accel", f"tcg,thread={threads}" if guest.accelerator == "tcg" else "kvm",
        "-cpu", machine.cpu[guest.accelerator],
        # One socket each: the firmware's MP table, which is all that a kernel without ACPI has,
        # lists only the first processor of a socket.
        "-smp", f"cpus={guest.cpus},sockets={guest.cpus},cores=1,threads=1",
        "-m", guest.memory or machine.memory,
        # A guest that resets has panicked or is done; never start it again.
        "-no-reboot",
        "-kernel", os.fspath(guest.image), "-initrd", os.fspath(guest.initramfs),
        "-append", guest.command_line,
        # The console is standard output; nobody types.
        "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
        "-device", machine.serial,
    ]  # fmt: skip
    if guest.icount:
        # An idle guest goes on at once with what it waits for.
        argv += ["-icount", "shift=0,sleep=off"]
    for name in (*PORTS, *guest.ports):
        if channels:
            backend = f"socket,id={name},fd={channels[name]}"
        else:
            backend = f"file,id={name},path={name}.txt"
        argv += ["-chardev", backend]
        argv += ["-device", f"virtserialport,chardev={name},name=patchkit.{name}"]
    if channels:
        argv += ["-chardev", f"socket,id=control,fd={channels['control']}"]
        argv += ["-mon", "chardev=control,mode=control"]
    return argv

# SPDX-License-Identifier: GPL-2.0-only
"""Boot a kernel with its tests once, under the accelerator that works here."""

from __future__ import annotations

import dataclasses
import shlex
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from patchkit.boot import accel
from patchkit.boot.accel import Choice, Decision
from patchkit.boot.qemu import Accelerator, Guest, command
from patchkit.boot.vm import Clocks, VmResult, run_vm
from patchkit.build.arch import Arch
from patchkit.progress import Progress, no_progress

STAGE = "boot"
DIED = "console-died.log"
"""The console of a guest whose QEMU died, where there was one."""
FAULTS = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
COVERAGE = "coverage"
"""A port; see init.c."""


@dataclass(frozen=True, slots=True)
class BootRequest:
    """A kernel and an initramfs to boot; what comes of it goes to *directory*."""

    arch: Arch
    image: Path
    initramfs: Path
    directory: Path
    accelerator: Choice = "auto"
    clocks: Clocks = field(default_factory=Clocks)
    cpus: int = 2
    memory: str = ""
    append: tuple[str, ...] = ()
    coverage: bool = False
    """Let the guest hand over gcov's counters, to :attr:`BootResult.counters`."""
    icount: bool = False
    """As for qemu.Guest."""


@dataclass(frozen=True, slots=True)
class BootResult:
    """A guest that has come to its end."""

    vm: VmResult
    accelerator: Accelerator
    why: str
    """Why this accelerator."""
    console: Path
    results: Path
    command: str
    """Starts the same guest by hand; its ports then go to files."""
    probe_seconds: float = 0.0
    """Time that went into finding that KVM does not work here."""
    counters: Path | None = None
    """What init.c says of the port ``coverage``."""
    qemu_died: str = ""
    """What became of a first guest whose QEMU died; empty when there was none."""


def boot(
    request: BootRequest,
    progress: Progress = no_progress,
    on_results: Callable[[bytes], None] = lambda data: None,
    *,
    cache: Path | None = None,
) -> BootResult:
    """Boot and wait for the end; see vm.run_vm() for what can be raised.

    A QEMU that dies of a fault of its own before the guest is ready is started once more: no test
    has run by then. Version 7.2 was seen to do so, once in hundreds of guests, under TCG with two
    processors while the kernel found its PCI devices.
    """
    decision = accel.decide(request.arch, request.accelerator, cache=cache)
    progress(STAGE, 0, None, f"{decision.accelerator.upper()} ({decision.why})")
    clocks = request.clocks
    if decision.probe:
        clocks = dataclasses.replace(clocks, first_byte=min(clocks.first_byte, accel.PROBE_SECONDS))
    result = _run(request, decision, clocks, on_results)
    if decision.probe:
        if result.vm.first_byte_seconds is not None:
            accel.remember(request.arch, True, cache)
        elif result.vm.end == "first-byte":
            why = f"under KVM the kernel printed nothing within {clocks.first_byte:.0f} s"
            progress(STAGE, 0, None, f"TCG ({why})")
            lost = result.vm.seconds
            result = _run(request, Decision("tcg", why), request.clocks, on_results)
            result = dataclasses.replace(result, probe_seconds=lost)
            # A kernel that says nothing under TCG either has a fault of its own.
            if result.vm.first_byte_seconds is not None:
                accel.remember(request.arch, False, cache)
    if how := died(result.vm):
        console = result.console.replace(request.directory / DIED)
        how = f"{how}; {console} has its console"
        progress(STAGE, 0, None, f"once more: {how}")
        result = dataclasses.replace(
            _run(request, Decision(result.accelerator, result.why), request.clocks, on_results),
            probe_seconds=result.probe_seconds, qemu_died=how,
        )  # fmt: skip
    progress(STAGE, 1, 1, f"{result.vm.end} after {result.vm.seconds:.1f} s")
    return result


def died(vm: VmResult) -> str:
    """Say how QEMU came to its end, if that was a fault of its own before the guest was ready.

    What the kernel itself complained of is a result, whatever became of QEMU.
    """
    if vm.end != "exited" or vm.ready or vm.crashes or -(vm.returncode or 0) not in FAULTS:
        return ""
    name = signal.Signals(-(vm.returncode or 0)).name
    return f"QEMU died of {name} after {vm.seconds:.1f} s, before the guest was ready"


def _run(
    request: BootRequest, decision: Decision, clocks: Clocks,
    on_results: Callable[[bytes], None],
) -> BootResult:  # fmt: skip
    guest = Guest(
        request.arch, request.image, request.initramfs, decision.accelerator, request.cpus,
        request.memory, request.append, (COVERAGE,) if request.coverage else (), request.icount,
    )  # fmt: skip
    counters = request.directory / "coverage.counters" if request.coverage else None
    console = request.directory / "console.log"
    results = request.directory / "results.ktap"
    files = {COVERAGE: counters} if counters else {}
    vm = run_vm(guest, clocks, console, results, on_results, files=files)
    return BootResult(
        vm, decision.accelerator, decision.why, console, results, shlex.join(command(guest)),
        counters=counters,
    )  # fmt: skip

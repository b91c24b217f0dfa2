# SPDX-License-Identifier: GPL-2.0-only
"""The life of a guest, which ends in bounded time whatever the guest does.

Four clocks: the first byte on the console, init's word that it is ready, silence on every channel,
and the total. When one runs out the guest gets an NMI, so that its kernel says where it stands, and
is then ended with everything that it started. A guest's init says something every two seconds, so
silence means that the kernel or init stands still, not that a test takes its time.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from patchkit import process
from patchkit.boot.console import BoundedLog
from patchkit.boot.crashes import Crash, Scanner
from patchkit.boot.qemu import Guest, command

End = Literal["exited", "first-byte", "ready", "silence", "total", "panic"]
"""``exited``: QEMU ended by itself; else the clock that ran out. ``panic``: the kernel panicked and
did not reset in time."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """Limits in seconds; each is taken as it is, whatever the accelerator."""

    first_byte: float = 30.0
    """From the start of QEMU to the first byte on the console."""
    ready: float = 120.0
    """From the start of QEMU to init's word."""
    silence: float = 60.0
    """Without a byte on any channel, once init is ready."""
    total: float = 1800.0
    """From the start of QEMU to its end."""
    panic: float = 10.0
    """From the kernel's last words to the end of QEMU; also from init's to that."""
    nmi: float = 5.0
    """From our NMI to the end of the guest; 0 sends none."""
    grace: float = 2.0
    """From SIGTERM to SIGKILL."""


@dataclass(frozen=True, slots=True)
class VmResult:
    """How a guest went."""

    end: End
    returncode: int | None
    """QEMU's own; None when we ended it."""
    ready: bool
    exit_status: int | None
    """What init says at its end (see init.c); None when it did not get there."""
    failure: str
    """What init says it could not do; empty when it got its ports and its plan."""
    crashes: tuple[Crash, ...]
    stderr: str
    """The end of what QEMU itself said."""
    first_byte_seconds: float | None
    ready_seconds: float | None
    seconds: float


def run_vm(
    guest: Guest,
    clocks: Clocks,
    console: Path,
    results: Path,
    on_results: Callable[[bytes], None] = lambda data: None,
    links: Mapping[str, socket.socket] | None = None,
    files: Mapping[str, Path] | None = None,
) -> VmResult:
    """Start *guest*, wait for its end, and leave its console and its results in files.

    *on_results* gets the bytes of the results port as they come. *links* are QEMU's ends for the
    guest's other ports; they are closed here once QEMU has them. What comes from a port of *files*
    goes there. Raises InfrastructureError when QEMU cannot be started.
    """
    with contextlib.ExitStack() as stack:
        run = _Run(
            clocks,
            stack.enter_context(BoundedLog(console)),
            stack.enter_context(BoundedLog(results, head=64 << 20)),
            on_results,
            {
                name: stack.enter_context(BoundedLog(path, head=64 << 20))
                for name, path in (files or {}).items()
            },
        )
        run.start(guest, stack, links or {})
        return run.watch()


class _Run:
    """One run; not used again."""

    def __init__(
        self, clocks: Clocks, console: BoundedLog, results: BoundedLog,
        on_results: Callable[[bytes], None], files: Mapping[str, BoundedLog],
    ) -> None:  # fmt: skip
        self._clocks = clocks
        self._files = files
        self._console = console
        self._results = results
        self._on_results = on_results
        self._scanner = Scanner()
        self._selector = selectors.DefaultSelector()
        self._status = b""
        self._stderr = b""
        self._ready: float | None = None
        self._first: float | None = None
        self._exit: int | None = None
        self._failure = ""
        self._panic: float | None = None
        self._ours = False
        """Whether what the console says from now on is our own doing."""

    def start(
        self, guest: Guest, stack: contextlib.ExitStack, links: Mapping[str, socket.socket]
    ) -> None:
        """Start QEMU with a socket for each channel."""
        stack.enter_context(self._selector)
        ours: dict[str, socket.socket] = {}
        theirs: dict[str, socket.socket] = {}
        for name in ("results", "status", "control", *self._files):
            ours[name], theirs[name] = socket.socketpair()
            stack.enter_context(ours[name])
            stack.enter_context(theirs[name])
        theirs.update(links)
        channels = {name: end.fileno() for name, end in theirs.items()}
        self._began = self._last = time.monotonic()
        self._qemu = process.spawn(command(guest, channels), pass_fds=tuple(channels.values()))
        stack.callback(self._clean_up)
        for end in theirs.values():
            end.close()
        self._control = ours["control"]
        assert self._qemu.stdout is not None
        assert self._qemu.stderr is not None
        for stream, take in (
            (self._qemu.stdout.fileno(), self._take_console),
            (ours["results"].fileno(), self._take_results),
            (ours["status"].fileno(), self._take_status),
            (self._qemu.stderr.fileno(), self._take_stderr),
            *((ours[name].fileno(), log.write) for name, log in self._files.items()),
        ):
            os.set_blocking(stream, False)
            self._selector.register(stream, selectors.EVENT_READ, take)

    def _clean_up(self) -> None:
        if self._qemu.poll() is None:
            process.end_group(self._qemu, self._clocks.grace)
        for stream in (self._qemu.stdout, self._qemu.stderr):
            if stream is not None:
                stream.close()

    def watch(self) -> VmResult:
        """Wait for the end of QEMU or of a clock."""
        end: End = "exited"
        while True:
            expired, left = self._next_clock()
            if expired is not None and left <= 0:
                end = expired
                break
            self._read(left)
            if self._qemu.poll() is not None:
                break
        returncode = self._qemu.poll()
        if returncode is None and end != "panic":
            self._ask_where()
        if returncode is None:
            process.end_group(self._qemu, self._clocks.grace)
        self._drain()
        self._scanner.end()
        if end == "panic" and self._exit is not None:
            # Init had said its last word; that QEMU did not go by itself is of no interest.
            end = "exited"
        return VmResult(
            end, returncode, self._ready is not None, self._exit, self._failure,
            tuple(self._scanner.crashes), self._stderr.decode("utf-8", "backslashreplace").strip(),
            None if self._first is None else self._first - self._began,
            None if self._ready is None else self._ready - self._began,
            time.monotonic() - self._began,
        )  # fmt: skip

    def _next_clock(self) -> tuple[End, float]:
        """Return the clock that runs out first, and the seconds until then."""
        now = time.monotonic()
        clocks = self._clocks
        ends: list[tuple[float, End]] = [(self._began + clocks.total, "total")]
        if self._panic is not None:
            ends.append((self._panic + clocks.panic, "panic"))
        elif self._first is None:
            ends.append((self._began + clocks.first_byte, "first-byte"))
        elif self._ready is None:
            ends.append((self._began + clocks.ready, "ready"))
        else:
            ends.append((self._last + clocks.silence, "silence"))
        when, name = min(ends)
        return name, when - now

    def _read(self, left: float) -> None:
        """Take what is there; wait for it no longer than *left*."""
        if not self._selector.get_map():
            # Every channel is closed; only the end of the process is left to wait for.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._qemu.wait(max(left, 0))
            return
        for key, _ in self._selector.select(max(left, 0)):
            try:
                data = os.read(key.fd, 65536)
            except BlockingIOError:
                continue
            except ConnectionResetError:
                data = b""
            if data:
                self._last = time.monotonic()
                key.data(data)
            else:
                self._selector.unregister(key.fd)

    def _drain(self) -> None:
        """Take what the guest said before its end; all writers have gone or soon will."""
        end = time.monotonic() + self._clocks.grace
        while self._selector.get_map() and time.monotonic() < end:
            self._read(end - time.monotonic())

    def _ask_where(self) -> None:
        """Send an NMI: a kernel that still can prints where each processor is."""
        if not self._clocks.nmi or self._first is None:
            return
        self._ours = True
        self._scanner.end()
        self._console.write(b"\n[patchkit: no sign of life; sending an NMI]\n")
        try:
            self._control.sendall(b'{"execute": "qmp_capabilities"}\n{"execute": "inject-nmi"}\n')
        except OSError:
            return
        end = time.monotonic() + self._clocks.nmi
        while self._qemu.poll() is None and (left := end - time.monotonic()) > 0:
            self._read(left)

    def _take_console(self, data: bytes) -> None:
        if self._first is None:
            self._first = time.monotonic()
        self._console.write(data)
        if not self._ours:
            self._scanner.feed(data)
            if self._scanner.panicked and self._panic is None:
                self._panic = time.monotonic()

    def _take_results(self, data: bytes) -> None:
        self._results.write(data)
        self._on_results(data)

    def _take_status(self, data: bytes) -> None:
        *lines, self._status = (self._status + data)[-65536:].split(b"\n")
        for line in lines:
            word, _, value = line.decode("utf-8", "replace").strip().partition(" ")
            if word == "ready":
                self._ready = time.monotonic()
            elif word == "failed":
                self._failure = value
            elif word == "exit" and value.isdigit():
                self._exit = int(value)
                self._panic = self._panic or time.monotonic()

    def _take_stderr(self, data: bytes) -> None:
        self._stderr = (self._stderr + data)[-8192:]

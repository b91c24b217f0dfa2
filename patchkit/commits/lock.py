# SPDX-License-Identifier: GPL-2.0-only
"""One patchkit at a time in one repository or directory, and a name for who it is.

The lock is the kernel's (flock through filelock), so it ends with its holder however that ends.
Who holds it stands in a file beside it, for the loser's message only.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from patchkit.errors import InfrastructureError
from patchkit.files import replace_file


class HeldError(InfrastructureError):
    """Another patchkit is at work on the same repository; *pid* is its process, 0 if unknown."""

    def __init__(self, where: Path, pid: int, command: str) -> None:
        self.pid = pid
        who = f"process {pid} ({command})" if pid else "another patchkit"
        super().__init__(
            f"{where} is held by {who}; nothing was changed",
            hint="wait until it has ended, then run the same command again",
        )


class Holder(msgspec.Struct, frozen=True):
    """The process that has a lock."""

    pid: int
    command: str


@contextmanager
def held(directory: Path, what: Path) -> Iterator[None]:
    """Hold the lock in *directory*, which is created, for work on *what*.

    Raises HeldError at once when another process has it.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InfrastructureError(f"{directory}: cannot be made: {error.strerror}") from error
    lock = FileLock(directory / "lock", blocking=False)
    note = directory / "holder.json"
    try:
        lock.acquire(blocking=False)
    except Timeout:
        holder = _holder(note)
        raise HeldError(what, holder.pid, holder.command) from None
    except OSError as error:
        raise InfrastructureError(f"{directory}: cannot be locked: {error.strerror}") from error
    try:
        replace_file(note, msgspec.json.encode(Holder(os.getpid(), shlex.join(sys.argv))))
        yield
    finally:
        with suppress(OSError):
            note.unlink()
        lock.release()


def _holder(note: Path) -> Holder:
    try:
        return msgspec.json.decode(note.read_bytes(), type=Holder)
    except (OSError, msgspec.DecodeError):
        return Holder(0, "")

# SPDX-License-Identifier: GPL-2.0-only
"""The only place that starts programs: argument lists, deadlines, process groups.

No shell is involved anywhere. A program that is started here dies with patchkit (PDEATHSIG) and,
when its deadline passes, is ended together with everything that it started.
"""

from __future__ import annotations

import ctypes
import logging
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from patchkit.errors import InfrastructureError

log = logging.getLogger("patchkit.process")
"""Every command goes to this logger at INFO, as it could be typed; ``-v`` shows it."""

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)

GRACE_SECONDS = 5.0
"""How long a program has between SIGTERM and SIGKILL."""


@dataclass(frozen=True, slots=True)
class Completed:
    """A program that has ended."""

    argv: tuple[str, ...]
    returncode: int
    stdout: bytes
    stderr: bytes
    seconds: float


class ProgramFailed(InfrastructureError):
    """A program ended with a status other than zero, or not in time."""

    def __init__(self, completed: Completed, why: str) -> None:
        self.completed = completed
        tail = (completed.stderr or completed.stdout).decode("utf-8", "backslashreplace")
        tail = "\n".join(tail.rstrip().splitlines()[-20:])
        super().__init__(f"{shlex.join(completed.argv)}: {why}" + (f"\n{tail}" if tail else ""))


def die_with_parent() -> None:
    """Ask the kernel for SIGKILL when the parent goes; runs between fork and exec."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def spawn(
    argv: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own and return at once.

    *env* is added to the environment. Raises InfrastructureError when the program does not exist.
    """
    words = tuple(os.fspath(word) for word in argv)
    log.info("%s", shlex.join(words))
    try:
        return subprocess.Popen(
            words,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    except FileNotFoundError as error:
        missing = cwd if cwd is not None and not cwd.is_dir() else words[0]
        raise InfrastructureError(
            f"{missing}: not found", hint="patchkit doctor lists what is needed"
        ) from error


def end_group(process: subprocess.Popen[bytes], grace: float = GRACE_SECONDS) -> None:
    """End a program and everything in its process group: SIGTERM, then SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def run(
    argv: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    input: bytes | None = None,
    timeout: float | None = None,
    check: bool = True,
    on_line: Callable[[bytes], None] | None = None,
) -> Completed:
    """Run a program to its end.

    With *on_line* standard error joins standard output and every line is handed over as it comes.
    *timeout* is in seconds. Raises ProgramFailed on a status other than zero (unless *check* is
    false) and when the time is up.
    """
    started = time.monotonic()
    process = spawn(
        argv,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
        stderr=subprocess.PIPE if on_line is None else subprocess.STDOUT,
    )
    words = tuple(os.fspath(word) for word in argv)
    out, err = b"", b""
    try:
        if on_line is None:
            out, err = process.communicate(input, timeout)
        else:
            out = _stream(process, input, timeout, on_line)
    except subprocess.TimeoutExpired:
        end_group(process)
        done = Completed(words, -1, out, err, time.monotonic() - started)
        raise ProgramFailed(done, f"not done after {timeout:.0f} s") from None
    except BaseException:
        end_group(process)
        raise
    done = Completed(words, process.returncode, out, err, time.monotonic() - started)
    if check and done.returncode != 0:
        raise ProgramFailed(done, f"exit status {done.returncode}")
    return done


def _stream(
    process: subprocess.Popen[bytes],
    input: bytes | None,
    timeout: float | None,
    on_line: Callable[[bytes], None],
) -> bytes:
    """Feed lines to *on_line* until the output ends; return all of it."""
    import selectors

    assert process.stdout is not None
    if input is not None:
        assert process.stdin is not None
        process.stdin.write(input)
        process.stdin.close()
    deadline = None if timeout is None else time.monotonic() + timeout
    chunks: list[bytes] = []
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            left = None if deadline is None else deadline - time.monotonic()
            if (left is not None and left <= 0) or not selector.select(left):
                raise subprocess.TimeoutExpired(process.args, timeout or 0)
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                break
            chunks.append(chunk)
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                on_line(line)
    if pending:
        on_line(pending)
    process.stdout.close()
    process.wait(None if deadline is None else max(deadline - time.monotonic(), 0.1))
    return b"".join(chunks)

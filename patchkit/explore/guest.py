# SPDX-License-Identifier: GPL-2.0-only
"""A guest that makes the calls that it is asked for, until it is told to end."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from patchkit import process
from patchkit.boot import accel
from patchkit.boot.accel import Choice
from patchkit.boot.initramfs import compile_init, initramfs, library_finder
from patchkit.boot.qemu import Guest
from patchkit.boot.session import died
from patchkit.boot.vm import Clocks, VmResult, run_vm
from patchkit.build.arch import Arch
from patchkit.build.selftests import SELFTESTS, Selftest
from patchkit.build.toolchain import Toolchain
from patchkit.errors import InfrastructureError, NothingRanError, PatchkitError
from patchkit.explore.drive import Answer, Setting
from patchkit.kselftest.model import Outcome
from patchkit.kselftest.ops import CALLS, UNLIMITED, Op
from patchkit.tree.source import Tree

PORT = "explore"
AGENT = Path(__file__).resolve().parent / "agent.c"
HARNESS = ("kselftest.h", "memlock/memlock.h", "memlock/sequences.h")
"""What the agent is made from besides itself; the second and third come with vm-pinned."""
ANSWER_SECONDS = 300.0
_ARGS = 4


class GuestLost(PatchkitError):
    """The guest does not answer any more: it crashed, or stands still."""


@dataclass(frozen=True, slots=True)
class GuestRequest:
    """A kernel to explore."""

    arch: Arch
    toolchain: Toolchain
    image: Path
    tree: Tree
    """The sources of the kernel, with the harness of its kselftests."""
    headers: Path
    """The kernel's headers for programs (``usr/include`` of a build directory)."""
    directory: Path
    """For the agent, the initramfs and what the guest says."""
    accelerator: Choice = "auto"
    cpus: int = 2
    memory: str = ""
    append: tuple[str, ...] = ()
    clocks: Clocks = field(default_factory=lambda: Clocks(total=3600.0))


def compile_agent(request: GuestRequest) -> Path:
    """Compile the agent with the tree's own harness, and return the directory to install.

    Raises NothingRanError when the tree has no harness, InfrastructureError when that does not fit.
    """
    source = request.directory / "agent"
    for name in HARNESS:
        text = request.tree.read(f"{SELFTESTS}/{name}")
        if text is None:
            raise NothingRanError(
                f"the tree has no {SELFTESTS}/{name}, which exploring makes its calls with",
                hint="name the series that brings it: patchkit test vm-pinned mpin --explore",
            )
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    names = "".join(f'\t[CALL_{name.upper()}] = "{name}",\n' for name in CALLS)
    (source / "memlock/calls.h").write_text(
        f"static const char * const names_of_calls[] = {{\n{names}}};\n", encoding="utf-8"
    )
    (source / "memlock/agent.c").write_bytes(AGENT.read_bytes())
    install = request.directory / "install"
    (install / PORT).mkdir(parents=True, exist_ok=True)
    process.run([
        request.toolchain.compiler, "-O2", "-static", "-isystem", request.headers,
        "-o", install / PORT / "agent", source / "memlock/agent.c",
    ])  # fmt: skip
    return install


class RunningGuest:
    """Asks the agent; see drive.Ask."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._pending = b""

    def __call__(self, setting: Setting, ops: Sequence[Op]) -> Answer:
        """Make *ops* in a new process. Raises GuestLost."""
        said = self.ask(request_line(setting, ops))
        if said.startswith("dead "):
            raise InfrastructureError(f"the agent in the guest says: {said[5:]}")
        try:
            rest, *numbers = (int(word) for word in said.split())
            outcomes = tuple(
                Outcome(*numbers[at : at + 3]) for at in range(0, len(numbers), 3)
            )  # fmt: skip
        except (ValueError, TypeError):
            raise GuestLost(f"the agent's answer cannot be read: {said[:200]!r}") from None
        if len(outcomes) != len(ops):
            raise GuestLost(f"the agent answers for {len(outcomes)} calls, not {len(ops)}")
        return Answer(rest, outcomes)

    def ask(self, line: str) -> str:
        """Send a line and return the next one."""
        try:
            if line:
                self._link.sendall(line.encode() + b"\n")
            while b"\n" not in self._pending:
                data = self._link.recv(65536)
                if not data:
                    raise GuestLost("the guest ended")
                self._pending += data
        except TimeoutError:
            raise GuestLost(f"the guest gave no answer for {ANSWER_SECONDS:g} s") from None
        except OSError as error:
            raise GuestLost(f"the guest ended: {error.strerror}") from None
        answer, _, self._pending = self._pending.partition(b"\n")
        return answer.decode("utf-8", "replace").strip()

    def close(self) -> None:
        """Leave the agent, which then ends the guest."""
        self._link.close()

    def end(self) -> None:
        """Let the agent, and with it the guest, come to an end."""
        with contextlib.suppress(OSError):
            self._link.sendall(b"end\n")


def request_line(setting: Setting, ops: Sequence[Op]) -> str:
    """Return what agent.c reads."""
    group = setting.group
    limit = UNLIMITED if group.limit is None else group.limit
    words = [setting.kind, group.pages, limit, int(group.capable)]
    words += [page for pair in (*group.mapped, (0, 0), (0, 0))[:2] for page in pair]
    for op in ops:
        words += [op.call, *op.args, *[0] * (_ARGS - len(op.args))]
    return " ".join(map(str, words))


@dataclass(slots=True)
class Ended:
    """How the guest went; *vm* is there once running() has ended, well or not."""

    vm: VmResult | None = None


@contextlib.contextmanager
def running(request: GuestRequest, ended: Ended) -> Iterator[RunningGuest]:
    """Boot the kernel with the agent in it, and end it afterwards; *ended* says how it went.

    KVM is used where it is known to work; an exploration is no place to find that out. Raises what
    compile_agent() and run_vm() raise, and GuestLost when the agent does not come up.
    """
    install = compile_agent(request)
    archive = request.directory / "initramfs.cpio"
    archive.write_bytes(
        initramfs(
            compile_init(request.toolchain), install, (Selftest(PORT, "agent", 0),),
            library_finder(request.toolchain),
        )
    )  # fmt: skip
    decision = accel.decide(request.arch, request.accelerator)
    accelerator = "tcg" if decision.probe else decision.accelerator
    guest = Guest(
        request.arch, request.image, archive, accelerator, request.cpus, request.memory,
        request.append, (PORT,),
    )  # fmt: skip
    with ThreadPoolExecutor(1, "guest") as pool:
        try:
            agent, end = _begin(request, guest, pool, ended)
        except GuestLost:
            if ended.vm is None or not died(ended.vm):
                raise
            agent, end = _begin(request, guest, pool, ended)
        with contextlib.closing(agent):
            try:
                yield agent
                agent.end()
            except BaseException:
                agent.close()
                raise
            finally:
                ended.vm = end.result()


def _begin(
    request: GuestRequest, guest: Guest, pool: ThreadPoolExecutor, ended: Ended
) -> tuple[RunningGuest, Future[VmResult]]:
    """Start the guest in *pool* and wait for its agent."""
    ours, theirs = socket.socketpair()
    ours.settimeout(ANSWER_SECONDS)

    def run() -> VmResult:
        with contextlib.closing(theirs):
            return run_vm(
                guest, request.clocks, request.directory / "console.log",
                request.directory / "results.ktap", links={PORT: theirs},
            )  # fmt: skip

    end = pool.submit(run)
    agent = RunningGuest(ours)
    try:
        if (said := agent.ask("")) != "ready":
            raise GuestLost(f"the agent did not come up: {said!r}")
    except BaseException:
        agent.close()
        # Why there is no guest at all matters more than that it does not answer.
        ended.vm = end.result()
        raise
    return agent, end

# SPDX-License-Identifier: GPL-2.0-only
"""patchkit.explore: sequences that are made up, against kernels that are wrong on purpose."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import signal
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from patchkit.boot.crashes import Crash
from patchkit.boot.qemu import Guest
from patchkit.boot.vm import VmResult
from patchkit.build.arch import load_arch
from patchkit.build.toolchain import Toolchain
from patchkit.errors import InfrastructureError, NothingRanError
from patchkit.explore.drive import (
    Answer,
    Ask,
    Mismatch,
    Setting,
    as_c,
    call_text,
    compare,
    explore,
    predict,
)
from patchkit.explore.guest import (
    Ended,
    GuestLost,
    GuestRequest,
    RunningGuest,
    compile_agent,
    request_line,
    running,
)
from patchkit.explore.run import ExploreRequest, explore_kernel
from patchkit.kselftest.groups import PINS
from patchkit.kselftest.model import Outcome
from patchkit.kselftest.ops import CALLS, Op
from patchkit.pipeline import TestRequest
from patchkit.tree.source import DirectoryTree

GROUPS = {group.name: group for group in PINS}
REST = 77


def kernel(setting: Setting, ops: Sequence[Op]) -> Answer:
    """A kernel that is right."""
    return Answer(
        REST,
        tuple(
            Outcome(step.error, step.locked + (REST if step.rest else 0), step.pinned)
            for step in predict(setting, ops)
        ),
    )


def forgets_brk(setting: Setting, ops: Sequence[Op]) -> Answer:
    """A kernel whose brk() charges nothing."""
    answer = kernel(setting, ops)
    wrong, lost = [], 0
    for op, outcome in zip(ops, answer.outcomes, strict=True):
        if op.call == "brk" and outcome.locked:
            lost = 1
        wrong.append(Outcome(outcome.error, outcome.locked - lost, outcome.pinned))
    return Answer(REST, tuple(wrong))


def counts_one_more(setting: Setting, ops: Sequence[Op]) -> Answer:
    """A kernel that is never right."""
    answer = kernel(setting, ops)
    return Answer(
        REST, tuple(dataclasses.replace(one, pinned=one.pinned + 1) for one in answer.outcomes)
    )


def test_a_kernel_that_is_right_is_found_right() -> None:
    done = explore(kernel, examples=60)
    assert done.mismatch is None
    assert done.sequences > 30
    assert done.calls > done.sequences
    assert len(done.settings) > 5


def test_a_kernel_that_is_wrong_is_shown_by_two_calls() -> None:
    done = explore(forgets_brk, groups=[GROUPS["heap"]], examples=300)
    assert done.mismatch is not None
    calls = [step.op.call for step in done.mismatch.steps]
    assert calls in (["mlockall", "brk"], ["brk", "mlock"]) or len(calls) == 2
    text = "\n".join(as_c(done.mismatch))
    assert "brk(p + 1 * page);" in text
    assert "/* but: success; VmLck " in text


def test_the_same_seed_tries_the_same() -> None:
    def tried(seed: int) -> list[str]:
        seen: list[str] = []

        def ask(setting: Setting, ops: Sequence[Op]) -> Answer:
            seen.append(request_line(setting, ops))
            return kernel(setting, ops)

        explore(ask, examples=20, seed=seed)
        return seen

    assert tried(3) == tried(3) != tried(4)


def test_what_happens_only_once_is_said_to() -> None:
    times = []

    def sometimes(setting: Setting, ops: Sequence[Op]) -> Answer:
        answer = kernel(setting, ops)
        times.append(1)
        if len(times) != 3:
            return answer
        return Answer(REST, (Outcome(5, 5, 5), *answer.outcomes[1:]))

    done = explore(sometimes, examples=20)
    assert done.mismatch is not None
    assert not done.mismatch.always
    assert "not each time" in as_c(done.mismatch)[-1]


def test_ranges_go_beyond_the_tables() -> None:
    seen: set[Op] = set()

    def ask(setting: Setting, ops: Sequence[Op]) -> Answer:
        seen.update(ops)
        return kernel(setting, ops)

    explore(ask, groups=[GROUPS["maps"]], examples=150)
    assert {op for op in seen if op.call == "mlock"} - set(GROUPS["maps"].ops)
    assert all(op.args[0] + op.args[1] <= 3 for op in seen if op.call == "munmap")


def test_a_guest_that_is_lost_ends_it() -> None:
    def ask(setting: Setting, ops: Sequence[Op]) -> Answer:
        raise GuestLost("the guest ended")

    with pytest.raises(GuestLost):
        explore(ask, examples=5)


def test_a_request_has_the_form_that_the_agent_reads() -> None:
    line = request_line(Setting(GROUPS["limit"], "anon"), [Op("mlock", (0, 2)), Op("fork", ())])
    assert line == "anon 3 2 0 0 2 0 0 mlock 0 2 0 0 fork 0 0 0 0"


@pytest.mark.parametrize("call", CALLS)
def test_every_call_is_written_as_c(call: str) -> None:
    text = call_text(Op(call, (1, 1, 1, 1)[: CALLS[call]]))
    assert text.count("(") == text.count(")")


class Agent:
    """The guest's end of the port."""

    def __init__(self, *answers: str) -> None:
        self.ours, theirs = socket.socketpair()
        self.ours.settimeout(60)
        self.asked: list[str] = []

        def serve() -> None:
            with theirs, theirs.makefile("r") as lines:
                for answer in answers:
                    self.asked.append(lines.readline())
                    theirs.sendall(answer.encode())

        self.thread = threading.Thread(target=serve)
        self.thread.start()


SETTING = Setting(GROUPS["maps"], "anon")
OPS = [Op("mlock", (0, 1)), Op("munlock", (0, 1))]


def test_answers_are_read() -> None:
    agent = Agent("9 0 1 0 ", "12 0 0\n9 0 1 0 0 0 0\n")
    guest = RunningGuest(agent.ours)
    # The first answer comes in two pieces; the second piece has another answer in it.
    agent.ours.sendall(b"\n")
    assert guest(SETTING, OPS) == Answer(9, (Outcome(0, 1, 0), Outcome(12, 0, 0)))
    assert guest.ask("") == "9 0 1 0 0 0 0"
    agent.thread.join()
    agent.ours.close()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("dead cannot map the arena\n", InfrastructureError),
        ("9 0 1\n", GuestLost),
        ("9 0 1 0\n", GuestLost),
        ("nonsense\n", GuestLost),
        ("", GuestLost),
    ],
)
def test_what_is_no_answer_is_an_error(answer: str, error: type[Exception]) -> None:
    agent = Agent(answer)
    with agent.ours, pytest.raises(error):
        RunningGuest(agent.ours)(SETTING, OPS)
    agent.thread.join()


def test_the_first_call_that_differs_is_the_mismatch() -> None:
    steps = predict(SETTING, OPS)
    wrong = Answer(0, (Outcome(0, 1, 0), Outcome(0, 1, 0)))
    found = compare(SETTING, steps, wrong)
    assert isinstance(found, Mismatch)
    assert found.got == Outcome(0, 1, 0)
    assert len(found.steps) == 2
    assert compare(SETTING, steps, kernel(SETTING, OPS)) is None


def test_a_tree_without_the_harness_says_what_brings_it(tmp_path: Path) -> None:
    request = GuestRequest(
        load_arch("x86_64"), Toolchain("", "gcc", "", ""), tmp_path, DirectoryTree(tmp_path),
        tmp_path, tmp_path,
    )  # fmt: skip
    with pytest.raises(NothingRanError, match=r"tools/testing/selftests/kselftest\.h"):
        compile_agent(request)


def guest_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GuestRequest:
    """A guest for which nothing has to be compiled."""
    monkeypatch.setattr("patchkit.explore.guest.compile_agent", lambda request: tmp_path)
    monkeypatch.setattr("patchkit.explore.guest.compile_init", lambda toolchain: tmp_path)
    monkeypatch.setattr("patchkit.explore.guest.initramfs", lambda *words: b"")
    return GuestRequest(
        load_arch("x86_64"), Toolchain("", "gcc", "", ""), tmp_path / "bzImage",
        DirectoryTree(tmp_path), tmp_path, tmp_path, "tcg", memory="3G", append=("cma=1G",),
    )  # fmt: skip


def test_why_there_is_no_guest_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = guest_request(tmp_path, monkeypatch)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InfrastructureError, match="qemu-system-x86_64: not found"):  # noqa: SIM117
        with running(request, Ended()):
            pass


def test_a_guest_is_started_as_asked_and_its_end_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    result = SimpleNamespace(crashes=())

    def run_vm(guest: Guest, *words: object, links: dict[str, socket.socket]) -> object:
        started.append(guest)
        with links["explore"].makefile("r") as lines:
            links["explore"].sendall(b"ready\n")
            assert lines.readline() == "end\n"
        return result

    monkeypatch.setattr("patchkit.explore.guest.run_vm", run_vm)
    ended = Ended()
    with running(guest_request(tmp_path, monkeypatch), ended):
        assert ended.vm is None
    assert ended.vm is result
    assert (started[0].memory, started[0].append) == ("3G", ("cma=1G",))


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_qemu_that_dies_first_is_started_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deaths: int
) -> None:
    dead = VmResult("exited", -signal.SIGSEGV, False, None, "", (), "", 0.1, None, 1.0)
    started = []

    def run_vm(guest: Guest, *words: object, links: dict[str, socket.socket]) -> object:
        started.append(guest)
        if len(started) > deaths:
            with links["explore"].makefile("r") as lines:
                links["explore"].sendall(b"ready\n")
                lines.readline()
        return dead

    monkeypatch.setattr("patchkit.explore.guest.run_vm", run_vm)
    request = guest_request(tmp_path, monkeypatch)
    lost = pytest.raises(GuestLost) if deaths > 1 else contextlib.nullcontext()
    with lost, running(request, Ended()):
        pass
    assert len(started) == 2


@pytest.mark.parametrize(
    ("kernel_of", "crashes", "verdict", "code"),
    [
        (kernel, (), "pass", 0),
        (counts_one_more, (), "fail", 1),
        (kernel, (Crash("bug", "BUG: x", 3),), "crash", 1),
        (None, (Crash("bug", "BUG: x", 3),), "crash", 1),
        (None, (), "lost", 3),
    ],
)
def test_the_verdict_is_the_worst(
    kernel_of: Ask | None, crashes: tuple[Crash, ...], verdict: str, code: int, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def gone(setting: Setting, ops: Sequence[Op]) -> Answer:
        raise GuestLost("the guest ended")

    @contextlib.contextmanager
    def without_a_guest(request: GuestRequest, ended: Ended) -> Iterator[Ask]:
        try:
            yield kernel_of or gone
        finally:
            ended.vm = SimpleNamespace(crashes=crashes)  # type: ignore[assignment]

    built = SimpleNamespace(
        toolchain=None, image=tmp_path, build_directory=tmp_path, directory=tmp_path, commit=""
    )
    monkeypatch.setattr("patchkit.explore.run.running", without_a_guest)
    monkeypatch.setattr("patchkit.pipeline.build", lambda request, progress: built)
    request = TestRequest(tmp_path, None, arch="x86_64")
    result = explore_kernel(ExploreRequest(request, examples=30))
    assert (result.verdict, int(result.exit_code)) == (verdict, code)
    report = json.loads(json.dumps(result.as_json()))
    assert bool(report["failure"]) == (verdict == "fail")
    assert report["sequences"] == result.explored.sequences

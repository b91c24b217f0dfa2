# SPDX-License-Identifier: GPL-2.0-only
"""patchkit.boot.vm: whatever a guest does, it ends, and it is said how.

Only the clock under test is short; the others are far away, so that no result depends on speed.
"""

from __future__ import annotations

import dataclasses
import os
import resource
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from patchkit.boot.qemu import Guest
from patchkit.boot.vm import Clocks, VmResult, run_vm
from patchkit.results.ktap import parse
from patchkit.results.verdict import judge

FAR = 60.0
SOON = 0.15


def clocks(**short: float) -> Clocks:
    far = dict.fromkeys(("first_byte", "ready", "silence", "total", "panic"), FAR)
    return Clocks(**{**far, "nmi": 0.0, "grace": SOON, **short})


@pytest.fixture
def run(
    guest: Callable[[str], Guest], tmp_path: Path
) -> Callable[..., tuple[VmResult, bytes, bytes]]:
    def start(what: str, **short: float) -> tuple[VmResult, bytes, bytes]:
        console, results = tmp_path / "console.log", tmp_path / "results.ktap"
        result = run_vm(guest(what), clocks(**short), console, results)
        return result, console.read_bytes(), results.read_bytes()

    return start


Run = Callable[..., tuple[VmResult, bytes, bytes]]


def word(result: VmResult, results: bytes) -> str:
    return judge(parse(results), vm=result, crashes=result.crashes).word


def test_a_guest_in_order(run: Run) -> None:
    result, console, results = run("good")
    assert (result.end, result.returncode, result.ready, result.exit_status) == (
        "exited", 0, True, 0,
    )  # fmt: skip
    assert b"Linux version" in console
    assert results.startswith(b"TAP version 13\n")
    assert result.first_byte_seconds is not None
    assert result.ready_seconds is not None
    assert word(result, results) == "pass"


def test_a_port_of_its_own_goes_to_its_file(guest: Callable[[str], Guest], tmp_path: Path) -> None:
    asked = dataclasses.replace(guest("counts"), ports=("coverage",))
    files = {"coverage": tmp_path / "counters"}
    run_vm(asked, clocks(), tmp_path / "console.log", tmp_path / "results.ktap", files=files)
    assert files["coverage"].read_bytes() == b"/a.gcda 3\nabc"


def test_good_results_and_a_warning(run: Run) -> None:
    result, _, results = run("warns")
    assert [crash.kind for crash in result.crashes] == ["warning"]
    assert word(result, results) == "crash"


@pytest.mark.parametrize(
    ("what", "clock", "end"),
    [
        ("never prints", "first_byte", "first-byte"),
        ("never ready", "ready", "ready"),
        ("prints for ever", "ready", "ready"),
        ("ready, then silence", "silence", "silence"),
        ("ready, then prints for ever", "total", "total"),
        ("never prints", "total", "total"),
        ("closes its console", "ready", "ready"),
        ("closes everything", "ready", "ready"),
        ("ignores TERM", "ready", "ready"),
    ],
)
def test_each_clock_ends_a_guest(run: Run, what: str, clock: str, end: str) -> None:
    result, _, results = run(what, **{clock: SOON})
    assert (result.end, result.returncode) == (end, None)
    assert word(result, results) == "hang"


def test_results_before_a_hang_are_kept(run: Run) -> None:
    result, _, results = run("ready, then silence", silence=SOON)
    tests = judge(parse(results), vm=result).tests
    assert [(test.name, test.status) for test in tests] == [("a: b", "pass"), ("a: c", "missing")]


@pytest.mark.parametrize("what", ["exits early", "exits at once", "killed", "no ports"])
def test_a_guest_that_ends_before_its_tests_is_lost(run: Run, what: str) -> None:
    result, _, results = run(what)
    assert (result.end, result.exit_status) == ("exited", None)
    assert word(result, results) == "lost"


def test_what_qemu_says_of_itself_is_kept(run: Run) -> None:
    result, _, results = run("exits early")
    assert result.stderr == "qemu: could not load kernel"
    assert "could not load kernel" in judge(parse(results), vm=result).why
    result, _, _ = run("no ports")
    assert result.failure.startswith("port patchkit.results")


def test_a_panic_that_does_not_reset_ends_soon(run: Run) -> None:
    result, _, results = run("panics and stays", panic=SOON)
    assert result.end == "panic"
    assert [crash.kind for crash in result.crashes] == ["panic"]
    assert word(result, results) == "crash"


def test_a_guest_that_is_done_and_stays_is_ended_and_has_passed(run: Run) -> None:
    result, _, results = run("done and stays", panic=SOON)
    assert (result.end, result.exit_status) == ("exited", 0)
    assert word(result, results) == "pass"


def test_results_on_the_console_count_for_nothing(run: Run) -> None:
    result, console, results = run("forges")
    assert b"ok 1" in console
    assert (results, result.exit_status) == (b"", None)
    assert word(result, results) == "lost"


def test_a_guest_that_stands_still_is_asked_where(run: Run) -> None:
    result, console, results = run("answers an NMI", silence=SOON, nmi=FAR)
    assert result.end == "silence"
    assert b"sending an NMI" in console
    assert b"stuck_here" in console
    # The panic is our doing, not the kernel's.
    assert result.crashes == ()
    assert word(result, results) == "hang"


def test_a_flood_fills_neither_disk_nor_memory(run: Run, tmp_path: Path) -> None:
    result, console, _ = run("prints for ever", ready=1.0)
    assert result.end == "ready"
    assert len(console) <= (20 << 20) + 100


def test_results_are_handed_over_as_they_come(
    guest: Callable[[str], Guest], tmp_path: Path
) -> None:
    seen: list[bytes] = []
    run_vm(guest("good"), clocks(), tmp_path / "c", tmp_path / "r", seen.append)
    assert b"".join(seen) == (tmp_path / "r").read_bytes()


@pytest.mark.parametrize("megabytes", [32, pytest.param(1024, marks=pytest.mark.prove)])
def test_a_flood_with_forged_results_does_no_harm(
    run: Run, megabytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_MEGABYTES", str(megabytes))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result, console, results = run("floods", total=600.0, silence=600.0)
    assert word(result, results) == "pass"
    assert len(console) <= (20 << 20) + 100
    assert b"bytes left out" in console
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10


def test_nothing_is_left_behind_after_fifty_runs(run: Run, tmp_path: Path) -> None:
    run("good")
    before = len(list(Path("/proc/self/fd").iterdir()))
    files = sorted(tmp_path.rglob("*"))
    hard = (("ignores TERM", {"ready": SOON}), ("killed", {}), ("exits early", {}))
    for what, short in (("good", {}),) * 47 + hard:
        run(what, **short)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert sorted(tmp_path.rglob("*")) == files
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_guest_dies_with_the_program_that_started_it(
    guest: Callable[[str], Guest], tmp_path: Path
) -> None:
    guest("never ready")
    program = (
        "import sys; from pathlib import Path; from patchkit.boot.vm import *;"
        "from patchkit.boot.qemu import Guest; from patchkit.build.arch import load_arch;"
        "where = Path(sys.argv[1]);"
        "guest = Guest(load_arch('x86_64'), where / 'k', where / 'i', 'tcg');"
        "run_vm(guest, Clocks(first_byte=60, ready=60, nmi=0), where / 'log', where / 'results')"
    )
    console = tmp_path / "log"
    os.mkfifo(console)
    parent = subprocess.Popen(
        [sys.executable, "-c", program, tmp_path], cwd=Path(__file__).parents[2]
    )
    with console.open("rb") as reader:
        assert reader.read(1)
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
        descriptors = [os.pidfd_open(int(child)) for child in children]
        parent.kill()
        parent.wait()
    assert descriptors
    for descriptor in descriptors:
        # Readable once the process has gone; no longer than a hanging test may take.
        assert select.select([descriptor], [], [], FAR)[0]
        os.close(descriptor)

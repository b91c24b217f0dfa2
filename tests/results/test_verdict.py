# SPDX-License-Identifier: GPL-2.0-only
"""patchkit.results.verdict: the worst of everything decides."""

from __future__ import annotations

import dataclasses

import pytest

from patchkit.boot.crashes import Crash
from patchkit.boot.vm import End, VmResult
from patchkit.errors import ExitCode
from patchkit.results.ktap import parse
from patchkit.results.verdict import EXIT_CODES, judge, judge_log

GOOD = parse(b"1..2\nok 1 selftests: a: b\nok 2 selftests: a: c\n")
BAD = parse(b"1..2\nok 1 selftests: a: b\nnot ok 2 selftests: a: c\n")
SKIPPED = parse(b"1..1\nok 1 selftests: a: b # SKIP no\n")
ENDED = VmResult("exited", 0, True, 0, "", (), "", 0.1, 0.5, 1.0)
KASAN = Crash("kasan", "BUG: KASAN: use-after-free in foo", 7)


def test_all_is_well() -> None:
    verdict = judge(GOOD, declared=["a: b", "a: c"], vm=ENDED)
    assert (verdict.word, verdict.exit_code) == ("pass", ExitCode.YES)


def test_a_failed_test_is_named() -> None:
    verdict = judge(BAD, vm=dataclasses.replace(ENDED, exit_status=1))
    assert verdict.word == "fail"
    assert "a: c" in verdict.why


def test_a_crash_outweighs_good_results() -> None:
    verdict = judge(GOOD, crashes=[KASAN], vm=ENDED)
    assert verdict.word == "crash"
    assert KASAN.title in verdict.why


@pytest.mark.parametrize("end", ["first-byte", "ready", "silence", "total"])
@pytest.mark.parametrize("results", [GOOD, BAD, SKIPPED])
def test_a_clock_that_ran_out_is_a_hang(end: End, results: object) -> None:
    vm = dataclasses.replace(ENDED, end=end, exit_status=None, returncode=None)
    assert judge(results, vm=vm).word == "hang"  # type: ignore[arg-type]
    assert judge(results, vm=vm, crashes=[KASAN]).word == "crash"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"exit_status": None},
        {"exit_status": None, "returncode": 1, "stderr": "qemu: no such machine"},
        {"returncode": -11},
        {"exit_status": None, "failure": "port patchkit.results: No such file or directory"},
    ],
)
def test_a_guest_that_did_not_end_regularly_is_lost(change: dict[str, object]) -> None:
    verdict = judge(GOOD, vm=dataclasses.replace(ENDED, **change))  # type: ignore[arg-type]
    assert verdict.word == "lost"
    assert verdict.exit_code == ExitCode.INFRASTRUCTURE
    assert str(change.get("stderr", "")) in verdict.why


def test_a_panic_that_only_the_guest_s_end_shows() -> None:
    vm = dataclasses.replace(ENDED, end="panic", exit_status=None)
    assert judge(GOOD, vm=vm).word == "crash"


def test_init_s_status_counts_when_its_results_do_not_show_why() -> None:
    assert judge(GOOD, vm=dataclasses.replace(ENDED, exit_status=1)).word == "fail"


def test_a_declared_test_that_never_reported_is_a_failure() -> None:
    verdict = judge(GOOD, declared=["a: b", "a: c", "a: gone"], vm=ENDED)
    assert verdict.word == "fail"
    assert {test.name: test.status for test in verdict.tests}["a: gone"] == "missing"


def test_declared_tests_take_the_place_of_nameless_missing_ones() -> None:
    cut = parse(b"1..3\nok 1 selftests: a: b\n")
    names = [test.name for test in judge(cut, declared=["a: b", "a: c", "a: d"]).tests]
    assert names == ["a: b", "a: c", "a: d"]


def test_all_skipped_is_not_a_pass_and_says_why() -> None:
    verdict = judge(SKIPPED, vm=ENDED)
    assert (verdict.word, verdict.exit_code) == ("nothing-ran", ExitCode.NOTHING_RAN)
    assert "no" in verdict.why


def test_a_whole_run_needs_no_plan_but_a_log_alone_does() -> None:
    planless = parse(b"ok 1 a\nok 2 b\n")
    assert judge(planless, vm=ENDED).word == "pass"
    assert judge(planless).word == "lost"


def test_each_word_has_an_exit_code() -> None:
    assert EXIT_CODES["crash"] == EXIT_CODES["hang"] == EXIT_CODES["fail"] == ExitCode.NO


def test_a_console_with_results_and_a_crash() -> None:
    log = (
        b"[    0.000000] Linux version 6.12.0 (x) #1\n"
        b"TAP version 13\n1..1\n# selftests: mpin: basic\nok 1 selftests: mpin: basic\n"
        b"[    3.000000] BUG: KASAN: slab-out-of-bounds in mpin_insert+0x12/0x90\n"
    )
    verdict = judge_log([log])
    assert verdict.word == "crash"
    assert [(crash.kind, crash.line) for crash in verdict.crashes] == [("kasan", 6)]
    assert [(test.name, test.status) for test in verdict.tests] == [("mpin: basic", "pass")]


def test_a_console_without_results() -> None:
    assert judge_log([b"[    0.000000] Linux version 6.12.0\n[    1.0] all quiet\n"]).word == (
        "nothing-ran"
    )
    panic = b"[    1.000000] Kernel panic - not syncing: Attempted to kill init!\n"
    assert judge_log([panic]).word == "crash"


def test_a_test_that_was_asked_for_and_skipped_has_not_passed() -> None:
    results = parse(b"1..2\nok 1 mpin: a\nok 2 mpin: b # SKIP this kernel has no mpin()\n")
    verdict = judge(results, declared=["mpin: a", "mpin: b"])
    assert verdict.word == "fail"
    assert "mpin: b was asked for and skipped: this kernel has no mpin()" in verdict.why
    assert judge(results, declared=["mpin: a"]).word == "pass"
    assert judge(results).word == "pass"

# SPDX-License-Identifier: GPL-2.0-only
"""Logs that guests have really written (tests/logs), read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchkit.boot.crashes import scan
from patchkit.results.ktap import parse
from patchkit.results.verdict import judge, judge_log

LOGS = Path(__file__).parents[1] / "logs"
EVERY = sorted(LOGS.iterdir())


def test_a_kernel_whose_brk_charges_nothing() -> None:
    results = parse((LOGS / "brk-charge-lost.ktap").read_bytes(), recover=False)
    console = (LOGS / "brk-charge-lost.console").read_bytes()
    verdict = judge(results, crashes=scan(console))
    assert (verdict.word, verdict.crashes[0].kind, verdict.crashes[0].line) == ("crash", "bug", 149)
    failed = [test.name for test in verdict.tests if test.bad and test.leaf]
    assert failed == [
        "memlock: accounting: count.privileged.heap",
        "memlock: accounting: count.unprivileged.heap",
        "memlock: accounting: limit.future_mappings",
        "memlock: one_limit: one_limit.unprivileged.future_mappings",
        "memlock: one_limit: one_limit.privileged.future_mappings",
    ]
    assert {test.name: test.seconds for test in verdict.tests}["mpin: mpin_states"] == 9.345
    assert (
        "expected"
        in " ".join(next(test.log for test in verdict.tests if test.name == failed[0])).lower()
    )


def test_a_kernel_without_mpin() -> None:
    results = parse((LOGS / "no-mpin.ktap").read_bytes(), recover=False)
    (program,) = (test for test in results.tests() if test.name == "mpin: mpin_sequences")
    inside = [test for test in results.tests() if test.name.startswith("mpin: mpin_sequences: ")]
    assert program.status == "skip"
    assert {test.status for test in inside} == {"skip"}
    assert {test.reason for test in inside} == {"this kernel has no mpin()"}
    assert judge(results, declared=["memlock: lock_sequences"]).word == "pass"
    verdict = judge(results, declared=["memlock: lock_sequences", "mpin: mpin_sequences"])
    assert verdict.word == "fail"


def test_a_shortest_sequence_stays_with_its_test() -> None:
    results = parse((LOGS / "sequences-of-two.ktap").read_bytes(), recover=False)
    failed = [test for test in results.tests() if test.bad and test.leaf]
    assert [test.name.rpartition(": ")[2] for test in failed][:2] == [
        "heap.heap.transitions", "heap.heap.sequences",
    ]  # fmt: skip
    assert any("brk(p + 1 * page);" in line for line in failed[0].log)


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.name)
def test_a_recorded_log_cut_anywhere_is_no_better(path: Path) -> None:
    data = path.read_bytes()
    whole = judge_log([data]).word
    for length in range(0, len(data), max(len(data) // 150, 1)):
        word = judge_log([data[:length]]).word
        assert word != "pass" or whole == "pass", data[:length][-80:]


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.name)
def test_lines_of_two_logs_at_once_raise_nothing(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    other = (LOGS / "brk-charge-lost.console").read_bytes().splitlines(keepends=True)
    mixed = b"".join(line for pair in zip(lines, other, strict=False) for line in pair)
    judge_log([mixed, mixed.replace(b"\n", b"", 7)])

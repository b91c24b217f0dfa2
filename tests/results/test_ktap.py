# SPDX-License-Identifier: GPL-2.0-only
"""patchkit.results.ktap: every form of KTAP, and no input that breaks it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ktap_logs import LOGS, RUNNER, UNTERMINATED, Log

from patchkit.results.ktap import LOG_LINES, Parser, parse
from patchkit.results.verdict import judge, judge_log

ALL = pytest.mark.parametrize("log", LOGS.values(), ids=LOGS.keys())


def rows(data: bytes) -> tuple[str, ...]:
    return tuple(f"{test.name}={test.status}" for test in parse(data).tests())


@ALL
def test_tests_are_read(log: Log) -> None:
    assert rows(log.text) == log.tests


@ALL
def test_the_verdict_on_the_log(log: Log) -> None:
    assert judge(parse(log.text)).word == log.verdict


@ALL
def test_a_log_cut_anywhere_never_passes_unless_the_whole_one_does(log: Log) -> None:
    for length in range(len(log.text)):
        word = judge(parse(log.text[:length])).word
        assert word != "pass" or log.verdict == "pass", log.text[:length][-60:]


@ALL
def test_pieces_of_any_size_say_the_same(log: Log) -> None:
    whole = parse(log.text)
    for size in (1, 2, 7):
        pieces = (log.text[at : at + size] for at in range(0, len(log.text), size))
        assert parse(pieces).tests() == whole.tests()


@ALL
def test_each_line_may_carry_a_printk_prefix_or_a_carriage_return(log: Log) -> None:
    lines = log.text.split(b"\n")
    prefixed = b"\n".join(b"<6>[  123.456789][ T1] " + line if line else line for line in lines)
    returned = b"\r\n".join(line.removesuffix(b"\r") for line in lines)
    if b"[    0." not in log.text:
        assert rows(prefixed) == log.tests
    assert rows(returned) == log.tests


@ALL
def test_names_are_unique(log: Log) -> None:
    names = [test.name for test in parse(log.text).tests()]
    assert len(names) == len(set(names))


@given(st.binary(max_size=400))
def test_no_bytes_raise(data: bytes) -> None:
    judge_log([data])


@given(
    st.lists(
        st.sampled_from([
            b"ok 1 a", b"not ok 2 b # SKIP", b"1..3", b"1..0 # SKIP", b"TAP version 13", b"# ",
            b"  ", b"\t", b"\n", b"# Subtest: x", b"# selftests: mm: y", b"ok 3 # TIMEOUT",
            b"Bail out!", b"ok 1 selftests: mm: y", b"[ 1.000] ", b"999999999..2", b"1..999999999",
        ]),
        max_size=30,
    )
)  # fmt: skip
def test_no_order_of_parts_raises_or_hides_a_failure(parts: list[bytes]) -> None:
    data = b"".join(parts)
    tests = judge_log([data]).tests
    names = [test.name for test in tests]
    assert len(names) == len(set(names))


def test_times_are_read_from_our_own_init() -> None:
    data = b"1..1\n# selftests: a: b\n# # patchkit: seconds=1.250\nok 1 selftests: a: b\n"
    (test,) = parse(data).tests()
    assert test.seconds == 1.25


def test_output_stays_with_its_test_and_is_bounded() -> None:
    chatter = b"".join(b"# line %d\n" % number for number in range(3 * LOG_LINES))
    data = b"1..2\n# selftests: a: b\n" + chatter + b"ok 1 selftests: a: b\n# mine\nok 2 c\n"
    first, second = parse(data).tests()
    assert len(first.log) == LOG_LINES
    assert first.log[-1] == f"line {3 * LOG_LINES - 1}"
    assert second.log == ("mine",)


def test_a_result_in_the_middle_of_a_line_is_marked_or_refused() -> None:
    recovered = parse(UNTERMINATED.text).cases
    assert [case.recovered for case in recovered] == [True, True]
    strict = parse(UNTERMINATED.text, recover=False)
    assert {test.status for test in strict.tests()} == {"missing"}


def test_a_test_cannot_forge_the_result_of_another() -> None:
    data = (
        b"1..2\n# selftests: a: evil\n# ok 2 selftests: a: good\n# xok 2 selftests: a: good\n"
        b"not ok 1 selftests: a: evil # exit=1\n# selftests: a: good\n"
        b"not ok 2 selftests: a: good # exit=1\n"
    )
    status = {test.name: test.status for test in parse(data, recover=False).tests()}
    assert status["a: evil"] == "fail"
    assert status["a: good"] == "fail"


def test_names_do_not_change_when_a_test_is_added_or_the_order_changes() -> None:
    before = {test.name for test in parse(RUNNER.text).tests()}
    more = RUNNER.text.replace(
        b"1..3\n# selftests", b"1..4\nok 9 selftests: mpin: new\n# selftests", 1
    )
    after = {test.name for test in parse(more).tests()}
    assert after == before | {"mpin: new"}


def test_progress_can_be_followed() -> None:
    parser = Parser()
    parser.feed(b"TAP version 13\n1..3\n# selftests: mpin: limits\n# 1..1\n# ok 1 x\n")
    assert (parser.done, parser.planned, parser.current) == (0, 3, "mpin: limits")
    parser.feed(b"ok 1 selftests: mpin: limits\n")
    assert (parser.done, parser.current) == (1, "")


def test_a_huge_plan_and_a_huge_line_cost_little() -> None:
    tests = parse(b"1..999999999\nok 1 a\n").tests()
    assert tests[0].status == "pass"
    assert {test.status for test in tests[1:]} == {"missing"}
    assert len(tests) <= LOG_LINES + 1
    parser = Parser()
    for _ in range(200):
        parser.feed(b"x" * 65536)
    assert len(parser._pending) < 1 << 20
    parser.feed(b"\nok 1 a\n1..1\n")
    assert [test.name for test in parser.end().tests()] == ["a"]


def test_deep_nesting_is_text() -> None:
    data = b"1..1\n" + b"# " * 5000 + b"ok 1 deep\nok 1 a\n"
    assert rows(data) == ("a=pass",)

# SPDX-License-Identifier: GPL-2.0-only
"""patchkit.results.junit: what a CI system gets to see."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from patchkit.boot.crashes import Crash
from patchkit.results.junit import clean, write_junit
from patchkit.results.ktap import parse
from patchkit.results.verdict import judge


def test_cases_are_counted_once_and_say_how_they_ended(tmp_path: Path) -> None:
    data = (
        b"1..5\n# selftests: m: a\n# 1..2\n# ok 1 x\n# not ok 2 y\nnot ok 1 selftests: m: a\n"
        b"# selftests: m: b\n# # patchkit: seconds=1.5\n# said\x1b[1m this\n"
        b"not ok 2 selftests: m: b # exit=139\nok 3 selftests: m: c # SKIP too small\n"
        b"not ok 4 selftests: m: d # TIMEOUT 45 seconds\n"
    )
    path = tmp_path / "junit.xml"
    write_junit(judge(parse(data), crashes=[Crash("bug", "kernel BUG at a.c:1!", 4)]), path)
    suite = ElementTree.parse(path).getroot().find("testsuite")
    assert suite is not None
    cases = {
        (case.get("classname"), case.get("name")): [child.tag for child in case]
        for case in suite.findall("testcase")
    }
    assert cases == {
        ("m: a", "x"): [], ("m: a", "y"): ["failure"], ("m", "b"): ["failure", "system-out"],
        ("m", "c"): ["skipped"], ("m", "d"): ["failure"], ("", "test 5"): ["error"],
        ("console", "bug 1"): ["error"],
    }  # fmt: skip
    assert suite.get("tests") == "7"
    assert suite.get("failures") == "3"
    (b,) = (case for case in suite.findall("testcase") if case.get("name") == "b")
    assert b.get("time") == "1.5"
    assert "said#x1B[1m this" in (b.findtext("system-out") or "")


def test_a_program_that_fails_after_good_tests_is_a_case(tmp_path: Path) -> None:
    data = b"1..1\n# selftests: m: a\n# 1..1\n# ok 1 x\nnot ok 1 selftests: m: a # signal=11\n"
    path = tmp_path / "junit.xml"
    write_junit(judge(parse(data)), path)
    names = [case.get("name") for case in ElementTree.parse(path).getroot().iter("testcase")]
    assert names == ["a", "x"]


def test_what_xml_cannot_hold_is_written_out() -> None:
    assert clean("a\0b\x1bc\td\ud800\U0001f600") == "a#x00b#x1Bc\td#xD800\U0001f600"

# SPDX-License-Identifier: GPL-2.0-only
"""Results as JUnit XML, which most CI systems show."""

from __future__ import annotations

import io
import re
from pathlib import Path

import junitparser

from patchkit.files import replace_file
from patchkit.results.model import Test
from patchkit.results.verdict import Verdict, counted

_CONTROL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """Return *text* with what XML cannot hold written as ``#x1B``."""
    return _CONTROL.sub(lambda match: f"#x{ord(match[0]):02X}", text)


def write_junit(verdict: Verdict, path: Path, *, name: str = "patchkit") -> None:
    """Write the tests of *verdict* to *path*, whole or not at all.

    Only tests without tests inside them become cases, and a test that failed although none inside
    it did. What the kernel's console said wrong is a case of its own.
    """
    suite = junitparser.TestSuite(clean(name))
    suite.add_testcases([_case(test) for test in counted(verdict)])
    for number, crash in enumerate(verdict.crashes, 1):
        case = junitparser.TestCase(f"{crash.kind} {number}", classname="console")
        error = junitparser.Error(clean(crash.title), crash.kind)
        error.text = f"line {crash.line} of the console's log"
        case.result = [error]
        suite.add_testcase(case)
    if verdict.word in ("hang", "lost"):
        case = junitparser.TestCase("guest", classname="boot")
        case.result = [junitparser.Error(clean(verdict.why), verdict.word)]
        suite.add_testcase(case)
    document = junitparser.JUnitXml()
    document.add_testsuite(suite)
    text = io.BytesIO()
    document.write(text, pretty=True)
    replace_file(path, text.getvalue())


def _case(test: Test) -> junitparser.TestCase:
    place, _, own = test.name.rpartition(": ")
    case = junitparser.TestCase(clean(own), classname=clean(place), time=test.seconds)
    message = clean(test.reason or test.status)
    if test.status in ("fail", "timeout"):
        case.result = [junitparser.Failure(message, test.status)]
    elif test.status == "missing":
        case.result = [junitparser.Error(message, test.status)]
    elif test.status in ("skip", "xfail"):
        case.result = [junitparser.Skipped(message, test.status)]
    if test.log:
        case.system_out = clean("\n".join(test.log))
    return case

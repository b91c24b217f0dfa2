# SPDX-License-Identifier: GPL-2.0-only
"""Real kernels: rendered, built, booted, tested. Minutes each."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SERIES = ("vm-pinned", "mpin")
PATCHKIT = (sys.executable, "-m", "patchkit")
OLDEST, NEWEST = "debian:5.10", "debian:7.2"


def patchkit(*words: str, code: int = 0) -> dict[str, object]:
    done = subprocess.run(
        [*PATCHKIT, *words, "--format", "json"], stdout=subprocess.PIPE, check=False
    )
    assert done.returncode == code, what_failed(done.stdout.decode())
    report: dict[str, object] = json.loads(done.stdout)
    return report


def what_failed(text: str) -> str:
    """The document without the hundreds of tests that passed: CI shows no more than an end."""
    try:
        document = json.loads(text)
    except ValueError:
        return text[-4000:]
    if "tests" in document:
        document["tests"] = [test for test in document["tests"] if test["status"] != "pass"]
    return json.dumps(document, indent=1)


@pytest.mark.boot
@pytest.mark.parametrize("tree", [OLDEST, NEWEST])
def test_the_kselftests_pass(tree: str) -> None:
    report = patchkit("test", *SERIES, "--tree", tree)
    assert report["verdict"] == "pass"
    tests = report["tests"]
    assert isinstance(tests, list)
    assert {test["name"].split(":")[0] for test in tests} >= {"memlock", "mpin"}
    assert [test for test in tests if test["status"] not in ("pass", "skip", "xfail")] == []


@pytest.mark.real
@pytest.mark.parametrize("tree", ["debian:5.10", "debian:6.1", "debian:6.12", "debian:7.2"])
def test_checkpatch_is_clean_on_each_commit(tree: str) -> None:
    report = patchkit("verify", *SERIES, "--tree", tree, "--each", "--checks", "checkpatch")
    assert report["verdict"] == "ok"


@pytest.mark.boot
@pytest.mark.parametrize(
    "tree", [pytest.param("debian:6.1", marks=pytest.mark.prove), "debian:6.12"]
)
def test_touched_objects_build(tree: str) -> None:
    report = patchkit("verify", *SERIES, "--tree", tree, "--checks", "objects")
    assert report["verdict"] == "ok"

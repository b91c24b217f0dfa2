# SPDX-License-Identifier: GPL-2.0-only
"""The series of docs/writing-a-series.md passes its checks and its test on a real kernel."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from console_blocks import File, Line, steps

from patchkit.paths import data_directory

PAGE = Path(__file__).resolve().parents[2] / "docs" / "writing-a-series.md"


def followed(place: Path) -> list[list[str]]:
    """Do to the files what the page says, and return its commands on a real kernel."""
    todo = []
    for step in steps(PAGE.read_text(encoding="utf-8")):
        if isinstance(step, File):
            (place / step.path).parent.mkdir(parents=True, exist_ok=True)
            (place / step.path).write_text(step.text, encoding="utf-8")
        elif isinstance(step, Line) and step.text.startswith("sed "):
            subprocess.run(shlex.split(step.text), cwd=place, check=True)
        elif isinstance(step, Line) and "--tree debian:" in step.text:
            todo.append(shlex.split(step.text)[1:])
    return todo


def test_the_page_ends_on_a_real_kernel(tmp_path: Path) -> None:
    assert [words[0] for words in followed(tmp_path)] == ["verify", "test"]
    assert (tmp_path / "templates" / "vmsum" / "series.toml").is_file()
    assert not (data_directory("templates") / "vmsum").exists()


@pytest.mark.prove
@pytest.mark.boot
def test_the_example_boots(tmp_path: Path) -> None:
    for words in followed(tmp_path):
        done = subprocess.run(
            [sys.executable, "-m", "patchkit", *words, "--format", "json"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            check=False,
        )
        assert done.returncode == 0, done.stdout.decode()[-4000:]
    report = json.loads(done.stdout)
    assert report["verdict"] == "pass"
    passed = [test["name"] for test in report["tests"] if test["status"] == "pass"]
    assert passed == ["vmsum: vmsum", "vmsum: vmsum: sum", "vmsum: vmsum: locked"]

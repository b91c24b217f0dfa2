# SPDX-License-Identifier: GPL-2.0-only
"""A series that loses one accounting line is caught by its own kselftests, in the guest."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from patchkit.paths import data_directory

PATCHKIT = (sys.executable, "-m", "patchkit")
PROMISE = '"brk_charged_by_class", '


def without_brk_charge(templates: Path) -> None:
    """Let brk() charge nothing, as if the line had been forgotten."""
    path = next((templates / "vm-pinned").glob("*-charge-new-pages-by-charge-class.patch.j2"))
    line = "+	mm_account_vma_flags(mm, VM_NONE, flags, len >> PAGE_SHIFT);\n"
    text = path.read_text(encoding="utf-8")
    assert text.count(line) == 1
    path.write_text(text.replace(line, ""), encoding="utf-8")


def without_its_promise(templates: Path) -> None:
    """Forget, too, to say that brk() charges by class."""
    path = templates / "vm-pinned" / "series.toml"
    text = path.read_text(encoding="utf-8")
    assert PROMISE in text
    path.write_text(text.replace(PROMISE, ""), encoding="utf-8")


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    """Return a copy of our templates with a line missing."""
    copied = tmp_path / "templates"
    shutil.copytree(data_directory("templates"), copied)
    without_brk_charge(copied)
    return copied


def patchkit(verb: str, templates: Path, tree: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PATCHKIT, verb, "vm-pinned", "mpin", "--tree", tree, "--format", "json",
         "--templates", str(templates), "--trust-templates"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_lost_line_breaks_the_promise_of_its_patch(templates: Path) -> None:
    done = patchkit("plan", templates, "fixture:6.12")
    assert done.returncode == 2
    assert "should establish brk_charged_by_class" in done.stderr


@pytest.mark.prove
@pytest.mark.boot
def test_a_lost_line_fails_in_the_guest(templates: Path) -> None:
    without_its_promise(templates)
    done = patchkit("test", templates, "debian:6.12")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["verdict"] in ("fail", "crash")
    failed = [test["name"] for test in report["tests"] if test["status"] == "fail"]
    assert any("heap" in name for name in failed)

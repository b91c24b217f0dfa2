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


def without_brk_charge(templates: Path) -> None:
    """Let brk() charge nothing, as if the line had been forgotten."""
    path = next((templates / "vm-pinned").glob("*-charge-new-pages-by-charge-class.patch.j2"))
    line = "+	mm_account_vma_flags(mm, VM_NONE, flags, len >> PAGE_SHIFT);\n"
    text = path.read_text(encoding="utf-8")
    assert text.count(line) == 1
    path.write_text(text.replace(line, ""), encoding="utf-8")


@pytest.mark.prove
@pytest.mark.boot
def test_a_lost_line_fails_in_the_guest(tmp_path: Path) -> None:
    templates = tmp_path / "templates"
    shutil.copytree(data_directory("templates"), templates)
    without_brk_charge(templates)
    done = subprocess.run(
        [*PATCHKIT, "test", "vm-pinned", "mpin", "--tree", "debian:6.12", "--branch", "broken",
         "--templates", str(templates), "--trust-templates", "--format", "json"],
        stdout=subprocess.PIPE, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["verdict"] in ("fail", "crash")
    failed = [test["name"] for test in report["tests"] if test["status"] == "fail"]
    assert any("brk" in name for name in failed)

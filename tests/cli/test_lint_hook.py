# SPDX-License-Identifier: GPL-2.0-only
"""The git hook of docs/lint.md, as it stands there, with the real analysis."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from patchkit.lint.rule import load_rules

sys.path.insert(0, str(Path(__file__).parent.parent / "lint"))
import lint_fakes as fakes

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    page = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
    script = re.search(r"```sh\n(#!/bin/sh\n.*?)```", page, re.DOTALL)
    assert script is not None
    for variable in ("GIT_AUTHOR", "GIT_COMMITTER"):
        monkeypatch.setenv(f"{variable}_NAME", "A")
        monkeypatch.setenv(f"{variable}_EMAIL", "a@example.org")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    rule = next(rule for rule in load_rules() if rule.id == "charge-left-on-error")
    root = fakes.repository(tmp_path / "linux", {"drivers/a.c": rule.passing, "b.c": "int x;\n"})
    fakes.write(root, {".git/hooks/pre-commit": script[1]})
    (root / ".git/hooks/pre-commit").chmod(0o755)
    fakes.write(root, {"drivers/a.c": rule.failing})
    return root


def commit(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", "commit", "-m", "change", *words], cwd=root, capture_output=True, text=True
    )


def test_a_defect_is_not_committed(checkout: Path) -> None:
    done = commit(checkout, "-a")
    assert done.returncode == 1
    assert "drivers/a.c:" in done.stdout + done.stderr
    assert "[charge-left-on-error]" in done.stdout + done.stderr


def test_what_is_not_staged_does_not_count(checkout: Path) -> None:
    fakes.write(checkout, {"b.c": "int y;\n"})
    done = commit(checkout, "b.c")
    assert done.returncode == 0, done.stderr


def test_a_known_defect_does_not_stop_other_changes(checkout: Path) -> None:
    assert commit(checkout, "-a", "--no-verify").returncode == 0
    fakes.write(checkout, {"b.c": "int y;\n"})
    done = commit(checkout, "-a")
    assert done.returncode == 0, done.stderr

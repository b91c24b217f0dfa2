# SPDX-License-Identifier: GPL-2.0-only
"""``patchkit run``: what a guest is started with, and how a verb fails."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from patchkit.cli import main
from patchkit.errors import ExitCode
from patchkit.pipeline import TestRequest
from patchkit.results.verdict import Verdict

Capture = pytest.CaptureFixture[str]
MANIFEST = """
[series]
name = "hold"
title = "mm: prepare what is held"

[data]
kselftest_targets = ["hold"]

[data.boot]
append = ["cma=1G"]
memory = "3G"

[facts.hold_prepares]
probe = "calls"
about = "hold() prepares"
file = "mm/hold.c"
entity = "function hold"
function = "prepare"

[[patch]]
template = "0001-mm-prepare-what-is-held.patch.j2"
holds = ["hold_prepares"]
"""
TEMPLATE = """\
mm: prepare what is held

It was not.

---
--- mm/hold.c
@@ function hold @@
@SPACE@	hold_on(mm);
+	prepare(mm);
""".replace("@SPACE@", " ")


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What to type for a series on a tree of one file."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A Developer")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "dev@example.org")
    series = tmp_path / "templates" / "hold"
    series.mkdir(parents=True)
    (series / "series.toml").write_text(MANIFEST)
    (series / "0001-mm-prepare-what-is-held.patch.j2").write_text(TEMPLATE)
    root = tmp_path / "linux"
    (root / "mm").mkdir(parents=True)
    (root / "mm" / "hold.c").write_text("void hold(struct mm_struct *mm)\n{\n\thold_on(mm);\n}\n")
    for git in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "import"]):
        subprocess.run(["git", *git], cwd=root, check=True)
    return ["run", "hold", "--templates", str(series.parent), "--trust-templates",
            "--tree", str(root)]  # fmt: skip


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[TestRequest]:
    """Let every guest pass without one; what was asked for is kept."""
    requests: list[TestRequest] = []

    def test(request: TestRequest, progress: object) -> object:
        requests.append(request)
        verdict = Verdict("pass", "1 of 1 tests passed", (), ())
        return SimpleNamespace(
            verdict=verdict, built=SimpleNamespace(dropped=()), seconds={}, run_directory="run",
            booted=SimpleNamespace(accelerator="tcg", why="asked for"),
            as_json=lambda: {"schema": 1, "verdict": verdict.word},
        )  # fmt: skip

    monkeypatch.setattr("patchkit.pipeline.test", test)
    return requests


def test_the_guest_is_as_the_series_wish(words: list[str], asked: list[TestRequest]) -> None:
    assert main(words) == ExitCode.YES
    assert main([*words, "--memory", "4G", "--append", "", "--targets", "mine"]) == ExitCode.YES
    seen = [(request.targets, request.append, request.memory) for request in asked]
    assert seen == [(("hold",), ("cma=1G",), "3G"), (("mine",), (), "4G")]


def test_a_defect_of_our_own_is_no_answer(
    words: list[str], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patchkit.pipeline.test", lambda *_: 1 / 0)
    assert main(words) == ExitCode.INFRASTRUCTURE
    said = capsys.readouterr().err
    assert "patchkit itself failed: ZeroDivisionError: division by zero (test_run_verb.py:" in said
    assert "Traceback" not in said
    assert main([*words, "-v"]) == ExitCode.INFRASTRUCTURE
    assert "Traceback" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        main([*words, "--bisect"])
    assert stop.value.code == 125


def test_a_file_that_cannot_be_written_is_named(capsys: Capture, tmp_path: Path) -> None:
    log, report = tmp_path / "log", tmp_path / "none" / "junit.xml"
    log.write_text("1..1\nok 1 a\n")
    assert main(["parse", str(log), "--junit", str(report)]) == ExitCode.INFRASTRUCTURE
    assert f"patchkit: {report}: No such file or directory\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value"),
    [("--jobs", "0"), ("--explore", "-3"), ("--timeout", "0"), ("--timeout", "soon")],
)
def test_numbers_are_looked_at(option: str, value: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["test", "vm-pinned", option, value])
    assert stop.value.code == ExitCode.USAGE
    assert f"found {value!r}" in capsys.readouterr().err

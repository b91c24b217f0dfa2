# SPDX-License-Identifier: GPL-2.0-only
"""``patchkit run`` lints what a series introduces before it builds; and how a verb fails."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from patchkit.cli import main
from patchkit.errors import ExitCode
from patchkit.pipeline import TestRequest
from patchkit.results.verdict import Verdict

Capture = pytest.CaptureFixture[str]
SOURCE = """\
static int hold(struct mm_struct *mm, unsigned long nr)
{
	mmap_write_lock(mm);
	if (mm->locked_vm + nr > rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT) {
		mmap_write_unlock(mm);
		return -ENOMEM;
	}
	mm->locked_vm += nr;
	mmap_write_unlock(mm);
	return 0;
}

static void drop(struct mm_struct *mm, unsigned long nr)
{
	mmap_write_lock(mm);
	mm->locked_vm -= nr;
	mmap_write_unlock(mm);
}
"""
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
@SPACE@	mm->locked_vm += nr;
+	if (prepare(mm)) {
+		@UNDO@;
+		mmap_write_unlock(mm);
+		return -EINVAL;
+	}
""".replace("@SPACE@", " ")
CLEAN, LEAKS = "mm->locked_vm -= nr", "forget(mm)"


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What to type for a series on a tree of one file."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A Developer")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "dev@example.org")
    series = tmp_path / "templates" / "hold"
    series.mkdir(parents=True)
    (series / "series.toml").write_text(MANIFEST)
    template(tmp_path, CLEAN)
    root = tmp_path / "linux"
    (root / "mm").mkdir(parents=True)
    (root / "mm" / "hold.c").write_text(SOURCE)
    for git in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "import"]):
        subprocess.run(["git", *git], cwd=root, check=True)
    return ["run", "hold", "--templates", str(series.parent), "--trust-templates",
            "--tree", str(root)]  # fmt: skip


def template(tmp_path: Path, undo: str) -> None:
    file = tmp_path / "templates" / "hold" / "0001-mm-prepare-what-is-held.patch.j2"
    file.write_text(TEMPLATE.replace("@UNDO@", undo))


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[TestRequest]:
    """Let every guest pass without one; what was asked for is kept."""
    requests: list[TestRequest] = []

    def test(request: TestRequest, progress: object) -> object:
        requests.append(request)
        verdict = Verdict("pass", "1 of 1 tests passed", (), ())
        return SimpleNamespace(
            verdict=verdict, built=SimpleNamespace(dropped=()), seconds={}, run_directory="run",
            booted=SimpleNamespace(accelerator="tcg", why="asked for", qemu_died=""),
            coverage=None,
            as_json=lambda: {"schema": 1, "verdict": verdict.word},
        )  # fmt: skip

    monkeypatch.setattr("patchkit.pipeline.test", test)
    return requests


def test_a_series_that_accounts_all_is_clean(words: list[str], capsys: Capture) -> None:
    assert main(words) == ExitCode.YES
    lines = capsys.readouterr().out.splitlines()
    assert "lint: no new finding (0 places not analysed)" in lines
    assert lines[-1] == "run directory: run (index.html shows it all)"


def test_a_finding_is_shown_and_the_answer_is_no(
    words: list[str], capsys: Capture, tmp_path: Path, asked: list[TestRequest]
) -> None:
    template(tmp_path, LEAKS)
    assert main(words) == ExitCode.NO
    out = capsys.readouterr().out
    assert "mm/hold.c:12: " in out and "in hold()" in out
    assert "lint: 1 new finding (0 places not analysed)\n" in out
    assert len(asked) == 1, "what is wrong with the kernel, too, is worth knowing"


@pytest.mark.parametrize(
    ("more", "said"),
    [(["--junit", "x.xml"], "no tests for --junit"), (["--coverage"], "not count what ran")],
)
def test_what_an_exploration_has_not_is_refused(
    words: list[str], capsys: Capture, asked: list[TestRequest], more: list[str], said: str
) -> None:
    assert main(["test", *words[1:], "--explore", "5", *more]) == ExitCode.USAGE
    assert said in capsys.readouterr().err
    assert not asked


def test_what_ran_is_counted_since_the_base(words: list[str], asked: list[TestRequest]) -> None:
    assert main(["test", *words[1:], "--coverage"]) == ExitCode.YES
    assert asked[0].counted_since not in ("", asked[0].revision)


def test_findings_are_in_the_json(words: list[str], capsys: Capture, tmp_path: Path) -> None:
    template(tmp_path, LEAKS)
    assert main([*words, "--format", "json"]) == ExitCode.NO
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "pass"
    assert [finding["file"] for finding in report["lint"]["findings"]] == ["mm/hold.c"]


def test_what_is_there_already_is_not_linted(
    words: list[str], capsys: Capture, tmp_path: Path
) -> None:
    file = tmp_path / "linux" / "mm" / "hold.c"
    file.write_text(SOURCE.replace("\tmm->locked_vm +=", "\tprepare(mm);\n\tmm->locked_vm +="))
    subprocess.run(["git", "-C", file.parent, "commit", "-qam", "by hand"], check=True)
    assert main(words) == ExitCode.YES
    assert "lint" not in capsys.readouterr().out


def test_test_alone_does_not_lint(words: list[str], capsys: Capture, tmp_path: Path) -> None:
    template(tmp_path, LEAKS)
    assert main(["test", *words[1:]]) == ExitCode.YES
    assert "lint" not in capsys.readouterr().out


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

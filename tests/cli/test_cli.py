# SPDX-License-Identifier: GPL-2.0-only
"""The verbs, their exit codes and their JSON, on a tree and a series of three lines."""

from __future__ import annotations

import json
import logging
import subprocess
from pathlib import Path
from typing import Any

import pytest

from patchkit.cli import main
from patchkit.cli.parser import build_parser
from patchkit.errors import ExitCode

SOURCE = "int answer(void)\n{\n\treturn 41;\n}\n"
MANIFEST = """
[series]
name = "answer"
title = "lib: give the right answer"

[facts.answer_is_right]
probe = "contains"
about = "answer() gives 42"
file = "lib/answer.c"
entity = "function answer"
tokens = "return 42"

[[patch]]
template = "0001-lib-give-the-right-answer.patch.j2"
holds = ["answer_is_right"]
"""
TEMPLATE = """\
lib: give the right answer

It was off by one.

---
--- lib/answer.c
@@ function answer @@
-	return 41;
+	return 42;
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the user's configuration and caches out of it."""
    monkeypatch.setenv("PATCHKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A Developer")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "dev@example.org")
    return tmp_path


@pytest.fixture
def series(tmp_path: Path) -> list[str]:
    """Return the words that name the series and its templates."""
    directory = tmp_path / "templates" / "answer"
    directory.mkdir(parents=True)
    (directory / "series.toml").write_text(MANIFEST)
    (directory / "0001-lib-give-the-right-answer.patch.j2").write_text(TEMPLATE)
    return ["answer", "--templates", str(directory.parent), "--trust-templates"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a git repository with one file."""
    root = tmp_path / "linux"
    (root / "lib").mkdir(parents=True)
    (root / "lib" / "answer.c").write_text(SOURCE)
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "import"]):
        subprocess.run(["git", *words], cwd=root, check=True)
    return root


def call(
    *words: str, capsys: pytest.CaptureFixture[str], code: ExitCode = ExitCode.YES
) -> dict[str, Any]:
    """Run a command line with JSON output and return its document."""
    assert main([*words, "--format", "json"]) == code, capsys.readouterr().err
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document["schema"] == 1
    return document


def git(tree: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=tree, check=True, capture_output=True, text=True)
    return done.stdout


def test_apply_makes_a_commit_once(
    series: list[str], tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = call("apply", *series, "--tree", str(tree), capsys=capsys)
    second = call("apply", *series, "--tree", str(tree), capsys=capsys)
    assert (first["changed"], second["changed"]) == (True, False)
    assert first["ref"] == second["ref"] == "refs/heads/patchkit/answer"
    patch = first["series"][0]["patches"][0]
    assert patch["state"] == "apply"
    assert patch["commit"] == git(tree, "rev-parse", "patchkit/answer").strip()
    assert "return 42;" in git(tree, "show", "patchkit/answer:lib/answer.c")
    assert git(tree, "status", "--porcelain") == ""
    assert (tree / "lib" / "answer.c").read_text() == SOURCE


def test_dry_run_and_plan_change_nothing(
    series: list[str], tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = git(tree, "for-each-ref")
    call("plan", *series, "--tree", str(tree), capsys=capsys)
    call("apply", *series, "--tree", str(tree), "--dry-run", capsys=capsys)
    assert git(tree, "for-each-ref") == before


def test_what_is_there_is_named_with_evidence(
    series: list[str], tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "lib" / "answer.c").write_text(SOURCE.replace("41", "42"))
    git(tree, "commit", "-q", "-am", "fix")
    report = call("apply", *series, "--tree", str(tree), capsys=capsys)
    patch = report["series"][0]["patches"][0]
    assert (patch["state"], patch["commit"], report["ref"]) == ("present", None, None)
    assert {"file": "lib/answer.c", "line": 3}.items() <= patch["evidence"][0].items()


def test_a_conflict_exits_1_and_writes_nothing(
    series: list[str], tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "lib" / "answer.c").write_text(SOURCE.replace("41", "40"))
    git(tree, "commit", "-q", "-am", "change")
    before = git(tree, "for-each-ref")
    assert main(["apply", *series, "--tree", str(tree)]) == ExitCode.NO
    said = capsys.readouterr()
    assert "return 41;" in said.out
    assert "lib/answer.c:3" in said.out
    assert "nothing was written" in said.err
    assert git(tree, "for-each-ref") == before


def test_undo_takes_the_branch_away(
    series: list[str], tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call("apply", *series, "--tree", str(tree), capsys=capsys)
    status = call("status", "--tree", str(tree), capsys=capsys)
    assert status["branches"][0]["branch"] == "patchkit/answer"
    call("undo", "patchkit/answer", "--tree", str(tree), capsys=capsys)
    assert git(tree, "branch", "--list", "patchkit/*") == ""


def test_export_is_what_git_am_takes(
    series: list[str], tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mbox = tmp_path / "out.mbox"
    call("export", *series, "--tree", str(tree), "--mbox", str(mbox), capsys=capsys)
    done = subprocess.run(
        ["git", "am", str(mbox)], cwd=tree, check=True, capture_output=True, text=True
    )
    assert "warning" not in done.stderr
    assert (tree / "lib" / "answer.c").read_text() == SOURCE.replace("41", "42")
    assert "Signed-off-by" not in git(tree, "log", "-1", "--format=%B")


def test_foreign_templates_need_trust(
    series: list[str], tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word for word in series if word != "--trust-templates"]
    assert main(["plan", *words, "--tree", str(tree)]) == ExitCode.USAGE
    assert "--trust-templates" in capsys.readouterr().err


def test_facts_say_where_they_are_from(
    series: list[str], tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word for word in series if word != "--trust-templates"]
    report = call("facts", *words, "--tree", str(tree), capsys=capsys)
    fact = report["facts"]["answer_is_right"]
    assert (fact["value"], fact["file"]) == (False, "lib/answer.c")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["plan", "no-such-series", "--tree", "."], ExitCode.USAGE, "no-such-series"),
        (["facts", "--tree", "/no/such/tree"], ExitCode.USAGE, "/no/such/tree"),
        (["parse", "/no/such/log"], ExitCode.USAGE, "/no/such/log"),
        (["tree", "get", "debian:nonsense@1"], ExitCode.USAGE, "debian:nonsense@1"),
        (["list", "-o", "/no/such/directory/file"], ExitCode.USAGE, "/no/such/directory/file"),
    ],
)
def test_errors_name_what_is_wrong(
    words: list[str], code: ExitCode, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == code
    assert said in capsys.readouterr().err


LOG = b"TAP version 13\n1..2\nok 1 one\n%s 2 two\n"


@pytest.mark.parametrize(
    ("log", "code", "verdict"),
    [
        (LOG % b"ok", ExitCode.YES, "pass"),
        (LOG % b"not ok", ExitCode.NO, "fail"),
        (LOG % b"ok" + b"[ 1.0] BUG: unable to handle page fault\n", ExitCode.NO, "crash"),
        (b"", ExitCode.NOTHING_RAN, "nothing-ran"),
    ],
)
def test_parse_gives_a_verdict(
    log: bytes, code: ExitCode, verdict: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log"
    path.write_bytes(log)
    report = call("parse", str(path), capsys=capsys, code=code)
    assert report["verdict"] == verdict
    if verdict == "crash":
        assert report["crashes"][0]["line"] == 5


def test_what_a_failed_test_said_is_in_its_entry(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"1..2\n# all is well\nok 1 one\n# a.c:7: 1 is not 2\nnot ok 2 two\n")
    report = call("parse", str(path), capsys=capsys, code=ExitCode.NO)
    assert [test.get("log") for test in report["tests"]] == [None, ["a.c:7: 1 is not 2"]]


def test_commands_are_shown_with_v_and_only_then(
    series: list[str], tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["plan", *series, "--tree", str(tree)]
    assert main([*words, "-v"]) == ExitCode.YES
    assert "\n+ git -C " in "\n" + capsys.readouterr().err
    assert main(words) == ExitCode.YES
    assert "git -C" not in capsys.readouterr().err
    assert logging.getLogger("patchkit.process").handlers == []


def test_output_file_gets_the_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "series.json"
    assert main(["list", "--format", "json", "-o", str(path)]) == ExitCode.YES
    assert capsys.readouterr().out == ""
    names = [series["name"] for series in json.loads(path.read_text())["series"]]
    assert {"vm-pinned", "mpin"} <= set(names)


def test_a_plain_directory_is_edited_in_place_and_taken_back(
    series: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "plain" / "lib" / "answer.c"
    source.parent.mkdir(parents=True)
    source.write_text(SOURCE)
    words = [*series, "--tree", str(tmp_path / "plain")]
    assert main(["apply", *words]) == ExitCode.USAGE
    assert "--in-place" in capsys.readouterr().err
    assert call("apply", *words, "--in-place", capsys=capsys)["changed"] is True
    assert source.read_text() == SOURCE.replace("41", "42")
    call("undo", "--tree", str(tmp_path / "plain"), capsys=capsys)
    assert source.read_text() == SOURCE


def test_escape_sequences_of_a_log_do_not_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"1..1\n# \x1b[2J\x1b]0;title\x07\nnot ok 1 a\x1b[31m # \x1b[5m\n")
    assert main(["parse", str(path), "--color", "never"]) == ExitCode.NO
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "a\\x1b[31m" in out


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["verify", "mpin", "--tree", "x"], "checks"),
        (["test", "mpin", "--tree", "x"], "targets"),
        (["lint", "--tree", "x"], "paths"),
        (["lint", "--tree", "x"], "rule"),
    ],
)
def test_an_option_that_takes_many_can_be_given_again(words: list[str], name: str) -> None:
    option = f"--{name}"
    arguments = build_parser().parse_args([*words, option, "a", "b", option, "c"])
    assert getattr(arguments, name) == ["a", "b", "c"]

# SPDX-License-Identifier: GPL-2.0-only
"""``patchkit lint`` and ``patchkit explain``: options, exit codes and what is printed where."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from patchkit.cli import main
from patchkit.errors import ExitCode

sys.path.insert(0, str(Path(__file__).parent.parent / "lint"))
import lint_fakes as fakes

FILES: dict[str, str | bytes] = {
    "mm/a.c": "int f(void)\n{\n\tleak(one);\n\tleak(two);\n}\n",
    "mm/c.c": "int h(struct mm_struct *mm)\n{\n\treturn mm->locked_vm;\n}\n",
    "mm/d.c": "int nothing;\n",
    "mm/e.c": "int k(void)\n{\n\todd leak(x);\n}\n",
}
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    fakes.install(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    return fakes.repository(tmp_path / "linux", FILES)


def call(capsys: Capture, *words: str, code: ExitCode = ExitCode.NO) -> Any:
    assert main(["lint", *words, "--format", "json"]) == code, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def subjects(document: Any) -> list[str]:
    return [finding["message"].split()[0] for finding in document["findings"]]


def test_text(root: Path, capsys: Capture) -> None:
    assert main(["lint", "--tree", str(root)]) == ExitCode.NO
    out, err = capsys.readouterr()
    assert "mm/a.c:3: error: one is lost [leak]\n  in f()\n" in out
    assert "mm/e.c:3: not analysed in k(): it is odd\n" in out
    assert out.endswith("1 not analysed\n")
    assert err.endswith("Next: patchkit explain leak\n")


def test_clean(root: Path, capsys: Capture) -> None:
    assert main(["lint", "--tree", str(root), "--paths", "mm/c.c"]) == ExitCode.YES
    assert capsys.readouterr().out.startswith("no findings\n1 mention in 1 file: 1 analysed")


def test_json(root: Path, capsys: Capture) -> None:
    document = call(capsys, "--tree", str(root))
    assert subjects(document) == ["one", "two"]
    assert set(document) >= {"schema", "findings", "coverage"}
    assert document["coverage"]["not_analysed"] == [
        {"file": "mm/e.c", "line": 3, "function": "k", "why": "it is odd"}
    ]


def test_strict(root: Path, capsys: Capture) -> None:
    words = ("--tree", str(root), "--paths", "mm/e.c")
    assert call(capsys, *words, code=ExitCode.YES)["findings"] == []
    assert call(capsys, *words, "--strict", code=ExitCode.NO)["findings"] == []
    assert main(["lint", *words]) == ExitCode.YES
    assert "Next: patchkit lint --strict" in capsys.readouterr().err


def test_the_current_directory(
    root: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root / "mm")
    assert subjects(call(capsys, "--tree", "..", "--paths", "a.c")) == ["one", "two"]
    monkeypatch.chdir(root)
    assert subjects(call(capsys, "--paths", "./mm")) == ["one", "two"]
    assert subjects(call(capsys, "--paths", str(root / "mm/a.c"))) == ["one", "two"]


def test_files_on_disk_or_a_revision(root: Path, capsys: Capture) -> None:
    (root / "mm/a.c").write_text("int f(void)\n{\n\tleak(three);\n}\n")
    assert subjects(call(capsys, "--tree", str(root))) == ["three"]
    assert subjects(call(capsys, "--tree", str(root), "--rev", "HEAD")) == ["one", "two"]
    assert subjects(call(capsys, "--tree", str(root), "--since", "HEAD")) == ["three"]


def test_bare_repositories_and_directories(root: Path, capsys: Capture, tmp_path: Path) -> None:
    fakes.git(tmp_path, "clone", "-q", "--bare", str(root), "bare.git")
    assert subjects(call(capsys, "--tree", str(tmp_path / "bare.git"))) == ["one", "two"]
    fakes.write(tmp_path / "plain", FILES)
    assert subjects(call(capsys, "--tree", str(tmp_path / "plain"))) == ["one", "two"]


def test_nothing_to_look_at(root: Path, capsys: Capture) -> None:
    words = ["lint", "--tree", str(root), "--paths", "mm/d.c"]
    assert main(words) == ExitCode.NOTHING_RAN
    assert "nothing in these files names a counter" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rule", "leek"], "there is no rule 'leek' (did you mean leak?)"),
        (["--paths", "mm/none.c"], "mm/none.c: no such file"),
        (["--since", "nowhere"], "none named 'nowhere'"),
        (["--baseline", "/nonexistent.json"], "there is no such baseline"),
        (["--suppressions", "/nonexistent.toml"], "No such file"),
        (["--rev", "nowhere"], "none named 'nowhere'"),
    ],
)
def test_usage(root: Path, capsys: Capture, words: list[str], message: str) -> None:
    assert main(["lint", "--tree", str(root), *words]) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert message in err
    assert out == ""


def test_infrastructure(root: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert main(["lint", "--tree", str(root)]) == ExitCode.INFRASTRUCTURE
    assert "git: not found" in capsys.readouterr().err


def test_a_defect_of_a_rule_is_no_finding(
    root: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patchkit.lint.collect.Analyser.analyse", lambda *_: 1 / 0)
    assert main(["lint", "--tree", str(root)]) == ExitCode.INFRASTRUCTURE
    assert "patchkit itself failed: ZeroDivisionError" in capsys.readouterr().err


def test_baseline(root: Path, capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    assert main(["lint", "--tree", str(root), "--write-baseline", str(file)]) == ExitCode.YES
    out, err = capsys.readouterr()
    assert out == ""
    assert f"Next: patchkit lint --baseline {file}" in err
    known = ("--tree", str(root), "--baseline", str(file))
    assert call(capsys, *known, code=ExitCode.YES)["in_baseline"] == 2
    (root / "mm/a.c").write_text("int f(void)\n{\n\tleak(one);\n\tleak(new);\n}\n")
    document = call(capsys, *known)
    assert subjects(document) == ["new"]
    assert "write it anew" in document["notes"][0]


def test_suppressions(root: Path, capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "allow.toml"
    file.write_text('[[allow]]\nrule = "leak"\nfile = "mm/a.c"\nfunction = "f"\nreason = "x"\n')
    document = call(capsys, "--tree", str(root), "--suppressions", str(file), code=ExitCode.YES)
    assert [item["reason"] for item in document["suppressed"]] == ["x", "x"]
    file.write_text('[[allow]]\nrule = "leak"\nfile = "mm/a.c"\n')
    words = ["lint", "--tree", str(root), "--suppressions", str(file)]
    assert main(words) == ExitCode.USAGE
    assert f"{file}:1: this [[allow]]" in capsys.readouterr().err


def test_other_formats(root: Path, capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "report"
    for form in ("sarif", "gitlab", "github", "text"):
        words = ["lint", "--tree", str(root), "--format", form, "-o", str(file)]
        assert main(words) == ExitCode.NO
        assert capsys.readouterr().out == ""
        content = file.read_text()
        if form == "sarif":
            assert json.loads(content)["runs"][0]["results"][0]["ruleId"] == "leak"
        elif form == "gitlab":
            assert json.loads(content)[0]["location"]["path"] == "mm/a.c"
        else:
            assert "mm/a.c" in content


def test_verbose_says_where_the_time_goes(root: Path, capsys: Capture) -> None:
    main(["lint", "--tree", str(root), "-v"])
    assert "identify " in capsys.readouterr().err


def test_explain(root: Path, capsys: Capture) -> None:
    assert main(["explain", "leak"]) == ExitCode.YES
    out = capsys.readouterr().out
    assert out.startswith("leak (error): A leak\n\nWhat is charged")
    assert "    \tleak(mm);".expandtabs() in out.expandtabs()
    assert "/* patchkit-lint: allow leak: reason */" in out
    assert main(["explain"]) == ExitCode.YES
    out, err = capsys.readouterr()
    assert "other-rule" in out
    assert "Next: patchkit explain RULE" in err
    assert main(["explain", "leek"]) == ExitCode.USAGE
    assert "did you mean leak?" in capsys.readouterr().err
    assert main(["explain", "--format", "json"]) == ExitCode.YES
    assert [r["id"] for r in json.loads(capsys.readouterr().out)["rules"]] == ["leak", "other-rule"]

# SPDX-License-Identifier: GPL-2.0-only
"""One request, one report: what is asked for, what is left out, and what is kept between runs."""

from __future__ import annotations

from pathlib import Path

import lint_fakes as fakes
import pytest

from patchkit.errors import ExitCode, NothingRanError, UserError
from patchkit.lint import baseline
from patchkit.lint.session import LintReport, LintRequest, lint
from patchkit.lint.worktree import WorkTree
from patchkit.tree.source import DirectoryTree, GitTree, Tree

FILES: dict[str, str | bytes] = {
    "mm/a.c": "int f(void)\n{\n\tleak(one);\n\tleak(two);\n}\n",
    "mm/b.c": "int g(void)\n{\n\tleak(three);\n\todd leak(four);\n}\n",
    "mm/c.c": "int h(struct mm_struct *mm)\n{\n\treturn mm->locked_vm;\n}\n",
    "mm/d.c": "int nothing;\n",
    "tools/t.c": "int f(void)\n{\n\tleak(tool);\n}\n",
}


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return fakes.install(monkeypatch)


@pytest.fixture
def root(tmp_path: Path, analysed: list[str]) -> Path:
    return fakes.repository(tmp_path / "linux", FILES)


def run(tree: Tree, **options: object) -> LintReport:
    return lint(LintRequest(tree=tree, **options))  # type: ignore[arg-type]


def subjects(report: LintReport) -> list[str]:
    return [finding.subject for finding in report.findings]


def test_everything(root: Path) -> None:
    report = run(GitTree(root))
    assert subjects(report) == ["one", "two", "three"]
    assert report.exit_code == ExitCode.NO
    assert report.files == 3
    coverage = report.coverage
    assert (coverage.mentions, coverage.analysed, len(coverage.not_analysed)) == (2, 1, 1)
    assert not report.cached


def test_the_second_look_is_kept(root: Path, analysed: list[str]) -> None:
    first = run(GitTree(root))
    for tree in (GitTree(root), WorkTree(root)):
        again = run(tree)
        assert again.cached
        assert (again.findings, again.coverage) == (first.findings, first.coverage)
    assert len(analysed) == 1
    (root / "mm/a.c").write_text("int f(void)\n{\n\tleak(one);\n}\n")
    assert subjects(run(WorkTree(root))) == ["one", "three"]
    assert len(analysed) == 2


def test_a_directory_changed_a_moment_ago_is_not_kept(tmp_path: Path, analysed: list[str]) -> None:
    fakes.write(tmp_path / "plain", FILES)
    for _ in range(2):
        assert not run(DirectoryTree(tmp_path / "plain")).cached


def test_paths(root: Path) -> None:
    report = run(GitTree(root), paths=("./mm/a.c", "mm/c.c"))
    assert subjects(report) == ["one", "two"]
    assert (report.coverage.mentions, report.coverage.not_analysed, report.files) == (1, (), 2)
    assert subjects(run(GitTree(root), paths=("mm/",))) == ["one", "two", "three"]
    assert subjects(run(GitTree(root), paths=(".",))) == ["one", "two", "three"]
    with pytest.raises(UserError, match=r"mm/nope\.c: no such file"):
        run(GitTree(root), paths=("mm/nope.c",))
    with pytest.raises(NothingRanError, match="in these files"):
        run(GitTree(root), paths=("mm/d.c",))


def test_nothing_to_look_at(tmp_path: Path, analysed: list[str]) -> None:
    fakes.write(tmp_path / "plain", {"a.c": "int x;\n"})
    with pytest.raises(NothingRanError, match="nothing names a counter"):
        run(DirectoryTree(tmp_path / "plain"))


def test_rules(root: Path) -> None:
    assert run(GitTree(root), rules=("other-rule",)).exit_code == ExitCode.YES
    assert len(run(GitTree(root), rules=("leak", "other-rule")).findings) == 3
    with pytest.raises(UserError, match=r"no rule 'leek'.*did you mean leak"):
        run(GitTree(root), rules=("leek",))


def test_strict(root: Path) -> None:
    options = {"rules": ("other-rule",), "strict": True}
    assert run(GitTree(root), **options).exit_code == ExitCode.NO
    assert run(GitTree(root), **options, paths=("mm/c.c",)).exit_code == ExitCode.YES


def test_since(root: Path, analysed: list[str]) -> None:
    (root / "mm/a.c").write_text("int f(void)\n{\n\tleak(two);\n\tleak(two);\n\tleak(one);\n}\n")
    (root / "mm/b.c").rename(root / "mm/e.c")
    fakes.commit(root)
    (root / "mm/c.c").write_text("int h(void)\n{\n\tleak(new);\n}\n")
    assert [(f.subject, f.line) for f in run(WorkTree(root), since="HEAD^").findings] == [
        ("two", 4), ("new", 3),
    ]  # fmt: skip
    assert subjects(run(WorkTree(root), since="HEAD")) == ["new"]
    assert subjects(run(GitTree(root), since="HEAD^")) == ["two"]
    count = len(analysed)
    assert subjects(run(GitTree(root), since="HEAD^")) == ["two"]
    assert run(GitTree(root), since="HEAD").findings == ()
    assert len(analysed) == count


def test_suppression_by_comment(root: Path) -> None:
    (root / "mm/a.c").write_text(
        "int f(void)\n{\n\t/* patchkit-lint: allow leak: on purpose */\n\tleak(one);\n"
        "\tleak(two);\n}\n/* patchkit-lint: allow other-rule: nothing here */\n"
    )
    report = run(WorkTree(root))
    assert subjects(report) == ["two", "three"]
    assert [(s.finding.subject, s.reason, s.where) for s in report.suppressed] == [
        ("one", "on purpose", "mm/a.c:3")
    ]
    assert len(report.notes) == 1
    assert report.notes[0].startswith("mm/a.c:7: this allows other-rule")
    assert run(WorkTree(root), paths=("mm/b.c",)).notes == ()
    # A comment that an earlier revision lacks makes nothing new.
    assert run(WorkTree(root), since="HEAD").findings == ()


def test_suppression_by_file(root: Path) -> None:
    entry = '[[allow]]\nrule = "leak"\nfile = "mm/{}.c"\nfunction = "{}"\nreason = "why"\n'
    fakes.write(root, {".patchkit-lint.toml": entry.format("a", "f")})
    fakes.commit(root)
    report = run(GitTree(root), suppressions=(("mine.toml", entry.format("b", "x").encode()),))
    assert subjects(report) == ["three"]
    assert report.notes == (
        "mine.toml:1: this allows leak in x(), and there is no such finding: remove it",
    )


def test_a_suppression_without_a_reason_is_an_error(root: Path) -> None:
    fakes.write(root, {"mm/b.c": "/* patchkit-lint: allow leak */\nint g(void)\n{\n}\n"})
    with pytest.raises(UserError, match=r"^mm/b\.c:1: 'allow leak' gives no reason"):
        run(WorkTree(root))


def test_baseline(root: Path) -> None:
    known = baseline.make(run(GitTree(root)).findings)
    report = run(GitTree(root), baseline=known)
    assert (report.findings, report.known, report.notes) == ((), 3, ())
    (root / "mm/a.c").write_text("int f(void)\n{\n\tleak(one);\n\tleak(one);\n}\n")
    report = run(WorkTree(root), baseline=known)
    assert [(f.subject, f.line) for f in report.findings] == [("one", 4)]
    assert report.known == 2
    assert report.notes == (
        "mm/a.c: the baseline has leak in f(), 1 more than there is now: write it anew",
    )
    assert run(WorkTree(root), baseline=known, paths=("mm/b.c",)).notes == ()
    assert run(WorkTree(root), baseline=known, rules=("other-rule",)).notes == ()


def test_where_the_time_goes(root: Path) -> None:
    assert set(run(GitTree(root)).seconds) >= {"identify", "cache"}

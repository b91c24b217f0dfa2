# SPDX-License-Identifier: GPL-2.0-only
"""port: what a series becomes elsewhere, which facts say so, and what moved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from patchkit.cli import main
from patchkit.commits.porting import FactChange, Ported, fact_lines
from patchkit.errors import ExitCode
from patchkit.tree.facts import Fact

MANIFEST = """
[series]
name = "pages"
title = "lib: count pages"

[facts.has_long]
probe = "contains"
file = "lib/a.c"
tokens = "long pages"
about = "pages are counted in a long"

[facts.calls_count]
probe = "calls"
file = "lib/a.c"
entity = "function f"
function = "count"
about = "f() counts"

[[patch]]
template = "0001-count.patch.j2"
holds = ["calls_count"]

[[patch]]
template = "0002-long.patch.j2"
when = "not tree.has_long"
why = "it is a long already"
"""
COUNT = """\
lib: count pages

Because they were not.

---
--- lib/a.c
@@ function f @@
@CTX@
+	count({{ "1L" if tree.has_long else "1" }});
""".replace("@CTX@", " \tbegin();")
LONG = """\
lib: count pages in a long

Because an int wraps.

---
--- lib/a.c
@@ variable pages @@
-int pages
+long pages
"""
FIRST = "static int pages = 0;\n\nvoid f(void)\n{\n\tbegin();\n\tend();\n}\n"
OTHER = FIRST.replace("int pages", "long pages").replace("\tend", "\tmore();\n\tend")
RENAMED = FIRST.replace("\tbegin();", "\tbegin_pages(&pages);")


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    series = tmp_path / "templates" / "pages"
    series.mkdir(parents=True)
    (series / "series.toml").write_text(MANIFEST)
    (series / "0001-count.patch.j2").write_text(COUNT)
    (series / "0002-long.patch.j2").write_text(LONG)
    for name, text in (("first", FIRST), ("other", OTHER), ("renamed", RENAMED)):
        (tmp_path / name / "lib").mkdir(parents=True)
        (tmp_path / name / "lib" / "a.c").write_text(text)
    return ["port", "pages", "--templates", str(series.parent), "--trust-templates",
            "--from", str(tmp_path / "first")]  # fmt: skip


def run(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> tuple[int, list[dict[str, object]]]:
    code = main([*words, "--format", "json"])
    return code, json.loads(capsys.readouterr().out)["patches"]


def test_the_facts_that_made_the_difference_are_named(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, (count, long) = run([*words, "--to", str(tmp_path / "other")], capsys)
    assert code == ExitCode.YES
    assert (count["before"], count["after"]) == ("apply", "apply")
    assert count["facts"] == [{"name": "has_long", "before": False, "after": True}]
    assert "-+\tcount(1);" in str(count["difference"])
    assert "++\tcount(1L);" in str(count["difference"])
    assert (long["before"], long["after"], long["difference"]) == ("apply", "superseded", "")
    assert "it is a long already" in str(long["why"])


def fact(*values: str) -> Fact:
    return Fact("calls", values, "table", 1, "these")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (("1\ta", "2\tb"), ("2\tb", "3\tc\tx"), "calls: lost '1 a'; got '3 c x' (table:1)"),
        (("a",), ("a", "b", "c", "d", "e", "f"), "calls: got 'b', 'c', 'd' and 2 more (table:1)"),
        (("a", "b"), ("b", "a"), "calls: in another order (table:1)"),
    ],
)
def test_of_a_table_only_what_differs_is_told(
    before: tuple[str, ...], after: tuple[str, ...], said: str
) -> None:
    change = FactChange("calls", fact(*before), fact(*after))
    assert fact_lines(Ported("s/p", "x", "apply", "apply", (change,), "", "", (), ())) == [said]


def test_the_same_tree_differs_in_nothing(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, patches = run([*words, "--to", str(tmp_path / "first")], capsys)
    assert code == ExitCode.YES
    assert [one["difference"] for one in patches] == ["", ""]


def test_where_it_does_not_fit_the_report_shows_what_changed(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.md"
    code, patches = run(
        [*words, "--to", str(tmp_path / "renamed"), "--report", str(report)], capsys
    )
    assert code == ExitCode.NO
    assert patches[0]["after"] == "conflict"
    (moved,) = patches[0]["moved"]  # type: ignore[misc]
    assert moved["place"] == "lib/a.c: function f"
    assert moved["found"] == "lib/a.c:3"
    text = report.read_text()
    assert "| pages/0001-count | apply | conflict | does not fit |" in text
    assert "nearest:" in text
    assert "-\tbegin();\n+\tbegin_pages(&pages);\n" in text


def test_an_entity_that_is_gone_is_said_to_be(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other" / "lib" / "a.c").write_text(FIRST.replace("void f(", "void f_locked("))
    code, patches = run([*words, "--to", str(tmp_path / "other")], capsys)
    assert code == ExitCode.NO
    assert patches[0]["moved"][0]["found"].startswith("not in lib/a.c of ")  # type: ignore[index]
    assert "the hunk would fit" in str(patches[0]["conflict"])


def test_a_first_tree_that_does_not_fit_is_refused(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "first" / "lib" / "a.c").write_text(RENAMED)
    assert main([*words, "--to", str(tmp_path / "other")]) == ExitCode.USAGE
    assert "compare with a tree that fits" in capsys.readouterr().err


def test_text_says_it_in_a_line_a_patch(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--to", str(tmp_path / "other"), "--diff"]) == ExitCode.YES
    said = capsys.readouterr().out
    assert "pages/0001-count: apply, differs by 1 fact\n" in said
    assert "  has_long: False" in said and "now True (lib/a.c:1)" in said
    assert "pages/0002-long: apply → superseded" in said
    assert "++\tcount(1L);" in said

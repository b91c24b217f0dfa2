# SPDX-License-Identifier: GPL-2.0-only
"""The forms of a report: what a person reads, and what machines take."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import lint_fakes as fakes
import pytest
from lint_fakes import LEAK, OTHER, finding

from patchkit.lint.model import Coverage, Finding, NotAnalysed, Severity, Step
from patchkit.lint.reports import github, gitlab, sarif, text
from patchkit.lint.reports import json as json_form
from patchkit.lint.reports.common import SourceLines, printable
from patchkit.lint.session import LintReport
from patchkit.lint.suppress import Suppressed
from patchkit.tree.source import DirectoryTree

A = """\
int f(void)
{
	if (charge(mm))
		goto out;
	pin(mm);
	pin(mm);
out:
	return 0;
}
"""
PATH = (
    Step("mm/a.c", 3, "charges 1 page"),
    Step("mm/a.c", 3, "and succeeds"),
    Step("mm/b.h", 1, "forgets it"),
    Step("mm/a.c", 5, "pins"),
    Step("mm/a.c", 6, "pins again"),
    Step("mm/a.c", 8, "returns with the charge"),
    Step("mm/a.c", 3, "here it began"),
)
LOST = finding(line=8, path=PATH)
SECOND = finding(line=9, severity=Severity.WARNING, rule="other-rule", message="100%: a\r\nb")
NOTE = finding(
    "n", severity=Severity.NOTE, file="mm/a b,c:d%\udcff\x1b.c", message="\x1b[31m\u202e"
)
MISSED = NotAnalysed("mm/c.c", 7, "g", "too many paths (more than 400)")


def report(*findings: Finding, **options: Any) -> LintReport:
    coverage = options.pop("coverage", Coverage(10, 7, 2, (MISSED,)))
    return LintReport(findings, coverage, options.pop("notes", ()), files=3, **options)


@pytest.fixture
def source(tmp_path: Path) -> SourceLines:
    fakes.write(tmp_path, {"mm/a.c": A, "mm/b.h": "/* \x1b[31m \xff */\n"})
    return SourceLines(DirectoryTree(tmp_path))


# -- text ------------------------------------------------------------------------------------


def lines(made: LintReport, source: SourceLines) -> list[str]:
    return [line for line, _ in text.render(made, source)]


def test_text_shows_the_path(source: SourceLines) -> None:
    assert lines(report(LOST, coverage=Coverage(9, 7, 2)), source) == [
        "mm/a.c:8: error: the pages are never given back [leak]",
        "  in f()",
        "     3 |         if (charge(mm))",
        "       |         ^ charges 1 page",
        "       |         ^ and succeeds",
        "       > mm/b.h",
        "     1 | /* \\x1b[31m \xff */",
        "       | ^ forgets it",
        "       > mm/a.c",
        "     5 |         pin(mm);",
        "       |         ^ pins",
        "     6 |         pin(mm);",
        "       |         ^ pins again",
        "     8 |         return 0;",
        "       |         ^ returns with the charge",
        "       :",
        "     3 |         if (charge(mm))",
        "       |         ^ here it began",
        "",
        "1 finding: 1 error",
        "9 mentions in 3 files: 7 analysed, 2 elsewhere (comments, strings, declarations), "
        "none left out",
    ]


def test_text_without_a_path_or_a_line(source: SourceLines) -> None:
    shown = lines(report(SECOND, finding(line=999, function="")), source)
    assert shown[:3] == [
        "mm/a.c:9: warning: 100%: a\\r\\nb [other-rule]", "  in f()", "     9 | }",
    ]  # fmt: skip
    assert "   999 |" in shown


def test_text_summary(source: SourceLines) -> None:
    made = report(
        LOST, LOST, SECOND,
        notes=("mm/x.c: stale",), suppressed=(Suppressed(NOTE, "why", "a.c:1"),), known=4,
    )  # fmt: skip
    assert lines(made, source)[-5:] == [
        "mm/c.c:7: not analysed in g(): too many paths (more than 400)",
        "mm/x.c: stale",
        "",
        "3 findings: 2 errors, 1 warning (1 suppressed, 4 in the baseline)",
        "10 mentions in 3 files: 7 analysed, 2 elsewhere (comments, strings, declarations), "
        "1 not analysed",
    ]
    assert lines(report(coverage=Coverage(1, 1, 0)), source)[0] == "no findings"
    assert text.most_common_rule([SECOND, LOST, LOST]) == "leak"
    assert text.most_common_rule([]) == ""


def test_text_does_nothing_to_a_terminal(source: SourceLines) -> None:
    shown = "\n".join(lines(report(NOTE), source))
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert shown.encode().startswith(b"mm/a b,c:d%\\xff\\x1b.c:3: note: \\x1b[31m\\u202e [leak]")


def test_long_lines_are_cut(tmp_path: Path) -> None:
    fakes.write(tmp_path, {"a.c": b"x" * 100_000 + b"\n" + b"\t" * 300})
    source = SourceLines(DirectoryTree(tmp_path))
    assert len(source.get("a.c", 1) or "") == 200
    assert source.get("a.c", 2) == ""
    assert source.get("a.c", 3) is None
    assert source.get("none.c", 1) is None
    assert printable("é ü") == "é ü"


# -- JSON ------------------------------------------------------------------------------------


def test_json_has_the_documented_keys() -> None:
    document = json_form.document(
        report(LOST, NOTE, suppressed=(Suppressed(SECOND, "why", "a.c:1"),), known=2)
    )
    assert document["schema"] == 1
    assert document["findings"][0] == {
        "rule": "leak",
        "severity": "error",
        "file": "mm/a.c",
        "line": 8,
        "function": "f",
        "message": "the pages are never given back",
        "fingerprint": LOST.fingerprint,
        "path": [{"file": s.file, "line": s.line, "what": s.what} for s in PATH],
    }
    assert document["coverage"] == {
        "mentions": 10,
        "analysed": 7,
        "not_analysed": [
            {"file": "mm/c.c", "line": 7, "function": "g", "why": "too many paths (more than 400)"}
        ],
        "elsewhere": 2,
    }
    assert document["suppressed"][0]["reason"] == "why"
    assert document["in_baseline"] == 2
    assert "\\\\xff" in json.dumps(document, ensure_ascii=False)


# -- GitHub and GitLab -----------------------------------------------------------------------


def test_github_commands_are_escaped() -> None:
    commands = list(github.render(report(LOST, SECOND, NOTE, notes=("a\nb",))))
    assert commands[0].startswith("::error file=mm/a.c,line=8,title=leak in f()::the pages are ")
    assert commands[0].count("%0A") == len(PATH)
    assert commands[1] == ("::warning file=mm/a.c,line=9,title=other-rule in f()::100%25: a%0D%0Ab")
    assert commands[2].startswith("::notice file=mm/a b%2Cc%3Ad%25\\xff\x1b.c,line=3,title=")
    assert commands[3] == (
        "::warning file=mm/c.c,line=7,title=not analysed::too many paths (more than 400)"
    )
    assert commands[4] == "::notice::a%0Ab"
    assert not any("\n" in command or "\r" in command for command in commands)
    assert next(github.render(report(strict=True))).startswith("::error ")


def test_gitlab_issues_have_what_gitlab_needs() -> None:
    issues = gitlab.document(report(LOST, LOST, SECOND))
    for issue in issues:
        assert isinstance(issue["description"], str)
        assert issue["check_name"]
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert issue["location"]["lines"]["begin"] > 0
        assert not issue["location"]["path"].startswith(("/", "./"))
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == 4
    assert issues[0]["fingerprint"] == LOST.fingerprint
    assert "`mm/b.h:1`: forgets it" in issues[0]["content"]["body"]
    assert issues[-1]["severity"] == "info"
    assert gitlab.document(report(strict=True))[-1]["severity"] == "major"


# -- SARIF -----------------------------------------------------------------------------------

# What SARIF 2.1.0 allows in the objects that are made here, in the words of its schema: the keys,
# those that must be there, and what is in them. A key that is no object's or list's is a scalar.
_MESSAGE = {"text": str, "!": ("text",)}
_LOCATION = {
    "physicalLocation": {
        "artifactLocation": {"uri": str, "uriBaseId": str},
        "region": {"startLine": int},
    },
    "logicalLocations": [{"name": str, "kind": str}],
    "message": _MESSAGE,
}
_RUN = {
    "tool": {
        "driver": {
            "name": str, "fullName": str, "version": str, "!": ("name",),
            "rules": [
                {
                    "id": str, "!": ("id",),
                    "shortDescription": _MESSAGE, "fullDescription": _MESSAGE,
                    "help": {"text": str, "markdown": str, "!": ("text",)},
                    "defaultConfiguration": {"level": str},
                    "properties": {"tags": [str]},
                }
            ],
        },
        "!": ("driver",),
    },
    "automationDetails": {"id": str},
    "originalUriBaseIds": {"SRCROOT": {"description": _MESSAGE}},
    "columnKind": str,
    "invocations": [
        {
            "executionSuccessful": bool, "exitCode": int, "!": ("executionSuccessful",),
            "toolExecutionNotifications": [
                {"level": str, "message": _MESSAGE, "locations": [_LOCATION], "!": ("message",)}
            ],
        }
    ],
    "results": [
        {
            "ruleId": str, "ruleIndex": int, "level": str, "message": _MESSAGE, "!": ("message",),
            "locations": [_LOCATION],
            "partialFingerprints": {"patchkit/v1": str, "primaryLocationLineHash": str},
            "codeFlows": [
                {
                    "threadFlows": [
                        {
                            "locations": [{"executionOrder": int, "location": _LOCATION}],
                            "!": ("locations",),
                        }
                    ],
                    "!": ("threadFlows",),
                }
            ],
            "suppressions": [{"kind": str, "status": str, "justification": str, "!": ("kind",)}],
        }
    ],
    "!": ("tool",),
}  # fmt: skip
_SCHEMA = os.environ.get("PATCHKIT_SARIF_SCHEMA", "")
_LOG = {"$schema": str, "version": str, "runs": [_RUN], "!": ("version", "runs")}


def check(value: Any, form: Any, where: str = "") -> None:
    """Hold a value against a form."""
    if isinstance(form, list):
        assert isinstance(value, list), where
        for number, item in enumerate(value):
            check(item, form[0], f"{where}[{number}]")
    elif isinstance(form, dict):
        assert isinstance(value, dict), where
        assert set(value) <= set(form) - {"!"}, where
        assert set(form.get("!", ())) <= set(value), where
        for key, item in value.items():
            check(item, form[key], f"{where}.{key}")
    else:
        assert type(value) is form, where


def sarif_log() -> dict[str, Any]:
    made = report(
        LOST, LOST, SECOND, NOTE, finding("u", rule="unknown"),
        suppressed=(
            Suppressed(LOST, "right", "mm/a.c:7"), Suppressed(SECOND, "too", "allow.toml:1"),
        ),
        notes=("stale",),
    )  # fmt: skip
    log = sarif.document(made, (LEAK, OTHER))
    decoded: dict[str, Any] = json.loads(json.dumps(log))
    return decoded


def test_sarif_has_the_form_of_the_standard() -> None:
    log = sarif_log()
    check(log, _LOG)
    assert log["version"] == "2.1.0"
    for result in log["runs"][0]["results"]:
        assert result["level"] in ("none", "note", "warning", "error")
        for suppression in result.get("suppressions", ()):
            assert suppression["kind"] in ("inSource", "external")
            assert suppression["status"] in ("accepted", "underReview", "rejected")


@pytest.mark.skipif(not _SCHEMA, reason="PATCHKIT_SARIF_SCHEMA names no sarif-schema-2.1.0.json")
def test_sarif_keeps_to_the_official_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(Path(_SCHEMA).read_bytes())
    for log in (sarif_log(), json.loads(json.dumps(sarif.document(report(), ())))):
        jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(log)


def test_sarif_results() -> None:
    run = sarif_log()["runs"][0]
    first, again, second, note, unknown, in_source, external = run["results"]
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == first["ruleId"] == "leak"
    assert "ruleIndex" not in unknown
    assert first["partialFingerprints"] == {
        "patchkit/v1": LOST.fingerprint,
        "primaryLocationLineHash": f"{LOST.fingerprint}:1",
    }
    assert again["partialFingerprints"]["primaryLocationLineHash"].endswith(":2")
    steps = first["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["executionOrder"] for step in steps] == [1, 2, 3, 4, 5, 6, 7]
    assert [step["location"]["message"]["text"] for step in steps] == [s.what for s in PATH]
    assert "codeFlows" not in second
    place = note["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "mm/a%20b,c%3Ad%25%FF%1B.c", "uriBaseId": "SRCROOT"}
    assert in_source["suppressions"][0]["kind"] == "inSource"
    assert external["suppressions"][0]["kind"] == "external"
    assert "SRCROOT" in run["originalUriBaseIds"]
    assert [item["level"] for item in run["invocations"][0]["toolExecutionNotifications"]] == [
        "warning", "note",
    ]  # fmt: skip


def test_sarif_rules_have_help() -> None:
    rule = sarif_log()["runs"][0]["tool"]["driver"]["rules"][0]
    assert LEAK.why in rule["help"]["text"]
    assert re.search(r"```c\nint f\(void\)", rule["help"]["markdown"])


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("mm/a.c", "mm/a.c"), ("a:b/c.c", "a%3Ab/c.c"), ("mm/#x?.c", "mm/%23x%3F.c"),
        ("mm/ü", "mm/%C3%BC"), ("mm/[a]", "mm/%5Ba%5D"), ("mm/a+b,c", "mm/a+b,c"),
    ],
)  # fmt: skip
def test_uri(path: str, uri: str) -> None:
    assert sarif.uri(path) == uri

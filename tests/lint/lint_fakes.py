# SPDX-License-Identifier: GPL-2.0-only
"""A lint without an analysis: ``leak(SUBJECT)`` is a finding, ``odd leak(…)`` is not analysed.

What is around the analysis (search, cache, suppression, baseline, comparison, reports) is tested
with it, so that these tests say nothing about rules.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from patchkit.lint import cache, scope
from patchkit.lint.collect import Analyser, Raw, _key
from patchkit.lint.model import Finding, NotAnalysed, Severity, Step
from patchkit.lint.rule import Rule
from patchkit.lint.suppress import MARK
from patchkit.lint.tally import FileCoverage
from patchkit.tree.csource import parse
from patchkit.tree.source import Tree

WORDS = (b"locked_vm", b"leak(")

LEAK = Rule(
    id="leak",
    title="A leak",
    severity=Severity.ERROR,
    why="What is charged and never given back is lost until the machine starts again.",
    failing="int f(void)\n{\n\tleak(mm);\n\treturn 0;\n}\n",
    passing="int f(void)\n{\n\treturn 0;\n}\n",
    check=lambda analysis: iter(()),
)
OTHER = Rule(
    id="other-rule", title="Another", severity=Severity.WARNING, why="Because.",
    failing="bad();\n", passing="good();\n", check=lambda analysis: iter(()),
)  # fmt: skip


def finding(
    subject: str = "mm.locked_vm",
    *,
    rule: str = "leak",
    file: str = "mm/a.c",
    line: int = 3,
    function: str = "f",
    message: str = "the pages are never given back",
    severity: Severity = Severity.ERROR,
    path: tuple[Step, ...] = (),
) -> Finding:
    """Return a finding."""
    return Finding(rule, severity, file, line, function, message, subject, path)


def install(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Put the fake in place; the list that is returned gets the name of each analysed tree."""
    analysed: list[str] = []

    def analyse(self: Analyser, tree: Tree, identity: str | None) -> Raw:
        analysed.append(tree.name)
        return _analyse(tree, identity)

    monkeypatch.setattr(Analyser, "analyse", analyse)
    monkeypatch.setattr(
        Analyser,
        "analyse_earlier",
        lambda self, earlier, changed: analyse(self, earlier, scope.identity(earlier)),
    )
    monkeypatch.setattr("patchkit.lint.rule.load_rules", lambda: (LEAK, OTHER))
    return analysed


def _analyse(tree: Tree, identity: str | None) -> Raw:
    findings: list[Finding] = []
    files: dict[str, FileCoverage] = {}
    for path in scope.search(tree, WORDS, ("tools/",)):
        data = tree.read(path) or b""
        source = parse(data)
        mentions = scope.find_mentions(data, (b"locked_vm",))
        missed: list[NotAnalysed] = []
        for found in re.finditer(rb"(odd )?leak\((\w+)\)", data):
            line = source.line_of(found.start())
            extent = source.enclosing(found.start())
            function = extent.name if extent is not None else ""
            if found[1]:
                missed.append(NotAnalysed(path, line, function, "it is odd"))
                continue
            steps = (
                Step(path, extent.line if extent else line, f"enters {function}"),
                Step(path, line, "loses the charge"),
            )
            findings.append(
                finding(
                    found[2].decode(), file=path, line=line, function=function, path=steps,
                    message=f"{found[2].decode()} is lost",
                )
            )  # fmt: skip
        count = len(mentions) + len(missed)
        files[path] = FileCoverage(count, len(mentions), 0, tuple(missed))
    findings.sort(key=lambda item: (item.file, item.line))
    raw = Raw(tuple(findings), files, scope.search(tree, [MARK]))
    if identity is not None:
        cache.store("reports", _key(identity), raw)
    return raw


def git(repository: Path, *words: str) -> str:
    """Run git and return what it prints."""
    done = subprocess.run(
        [
            "git", "-c", "user.name=A", "-c", "user.email=a@example.org",
            "-c", "init.defaultBranch=main", *words,
        ],
        cwd=repository, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout


def write(root: Path, files: dict[str, str | bytes]) -> None:
    """Write files below *root*."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def repository(root: Path, files: dict[str, str | bytes]) -> Path:
    """Make a git repository with one commit of *files*, ignored ones too."""
    root.mkdir(parents=True, exist_ok=True)
    git(root, "init", "-q")
    write(root, files)
    commit(root)
    return root


def commit(root: Path, message: str = "change") -> str:
    """Commit everything, ignored or not, and return the commit's id."""
    git(root, "add", "-A", "-f", ".")
    git(root, "commit", "-q", "--allow-empty", "-m", message)
    return git(root, "rev-parse", "HEAD").strip()

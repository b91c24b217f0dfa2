# SPDX-License-Identifier: GPL-2.0-only
"""The report for people: each finding with the lines of its path, then what was looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from patchkit.lint.model import Finding, Severity, Step
from patchkit.lint.reports.common import SourceLines, printable
from patchkit.lint.session import LintReport

STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold cyan"}

_ASIDE = ("takes the branch", "goes on where")
"""How a step begins that only says which way a path goes; it is shown less brightly."""

Line = tuple[str, str]
"""A line and how it is to look (a style of rich, or nothing)."""


def render(report: LintReport, source: SourceLines) -> Iterator[Line]:
    """Yield the lines of the report."""
    for finding in report.findings:
        yield from _finding(finding, source)
        yield "", ""
    for item in report.coverage.not_analysed:
        where = f" in {item.function}()" if item.function else ""
        yield (
            printable(f"{item.file}:{item.line}: not analysed{where}: {item.why}"),
            "bold red" if report.strict else "yellow",
        )
    for note in report.notes:
        yield printable(note), "yellow"
    if report.coverage.not_analysed or report.notes:
        yield "", ""
    yield _summary(report), "bold red" if report.findings else "bold green"
    yield _coverage(report), "bold red" if report.coverage.not_analysed else ""


def _finding(finding: Finding, source: SourceLines) -> Iterator[Line]:
    yield (
        printable(
            f"{finding.file}:{finding.line}: {finding.severity}: {finding.message} [{finding.rule}]"
        ),
        STYLES[finding.severity],
    )
    if finding.function:
        yield printable(f"  in {finding.function}()"), "bold"
    path = finding.path or (Step(finding.file, finding.line, ""),)
    width = max(4, *(len(str(step.line)) for step in path))
    margin = " " * width
    file, line = finding.file, 0
    for position, step in enumerate(path):
        if step.file != file:
            yield printable(f"  {margin} > {step.file}"), "bold"
        elif step.line < line:  # a loop, or the conclusion
            yield f"  {margin} :", "dim"
        text = source.get(step.file, step.line) or ""
        if (step.file, step.line) != (file, line):
            yield f"  {step.line:>{width}} | {text}".rstrip(), ""
        file, line = step.file, step.line
        if step.what:
            indent = " " * (len(text) - len(text.lstrip()))
            style = "dim" if step.what.startswith(_ASIDE) else "cyan"
            if position == len(path) - 1:
                style = STYLES[finding.severity]
            yield f"  {margin} | {indent}^ {printable(step.what)}", style


def _summary(report: LintReport) -> str:
    findings = report.findings
    text = "no findings"
    if findings:
        text = _several(len(findings), "finding")
        counts = Counter(finding.severity for finding in findings)
        parts = [_several(counts[kind], kind.value) for kind in Severity if counts[kind]]
        text += f": {', '.join(parts)}"
    left_out = []
    if report.suppressed:
        left_out.append(f"{len(report.suppressed)} suppressed")
    if report.known:
        left_out.append(f"{report.known} in the baseline")
    return text + (f" ({', '.join(left_out)})" if left_out else "")


def _coverage(report: LintReport) -> str:
    coverage = report.coverage
    missed = len(coverage.not_analysed)
    left = f"{missed} not analysed" if missed else "none left out"
    return (
        f"{_several(coverage.mentions, 'mention')} in {_several(report.files, 'file')}: "
        f"{coverage.analysed} analysed, {coverage.elsewhere} elsewhere "
        f"(comments, strings, declarations), {left}"
    )


def _several(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def most_common_rule(findings: Sequence[Finding]) -> str:
    """Return the rule that most findings are of; the first of those in doubt."""
    counts = Counter(finding.rule for finding in findings)
    return min(counts, key=lambda rule: (-counts[rule], rule)) if counts else ""

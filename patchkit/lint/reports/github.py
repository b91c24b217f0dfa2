# SPDX-License-Identifier: GPL-2.0-only
"""The report as workflow commands of GitHub, which shows them beside the lines of a change."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.model import Finding, Severity
from patchkit.lint.reports.common import spelt
from patchkit.lint.session import LintReport

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(report: LintReport) -> Iterator[str]:
    """Yield one command a line."""
    for finding in report.findings:
        yield _command(
            _COMMANDS[finding.severity],
            finding.file,
            finding.line,
            f"{finding.rule} in {finding.function}()" if finding.function else finding.rule,
            _message(finding),
        )
    kind = "error" if report.strict else "warning"
    for item in report.coverage.not_analysed:
        yield _command(kind, item.file, item.line, "not analysed", item.why)
    for note in report.notes:
        yield f"::notice::{_data(note)}"


def _message(finding: Finding) -> str:
    steps = [f"{step.file}:{step.line}: {step.what}" for step in finding.path]
    return "\n".join([finding.message, *steps])


def _command(kind: str, file: str, line: int, title: str, message: str) -> str:
    places = f"file={_property(file)},line={line},title={_property(title)}"
    return f"::{kind} {places}::{_data(message)}"


def _data(text: str) -> str:
    return spelt(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

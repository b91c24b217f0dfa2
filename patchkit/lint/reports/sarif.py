# SPDX-License-Identifier: GPL-2.0-only
"""The report as SARIF 2.1.0, with each path as a code flow.

Files are relative to ``SRCROOT``, which stands for the top of the tree, so that a report made on
one machine is shown on another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from patchkit import __version__
from patchkit.lint.model import Finding, Severity, Step
from patchkit.lint.reports.common import numbered, spelt
from patchkit.lint.rule import Rule
from patchkit.lint.session import LintReport

SCHEMA_URI = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
ROOT = "SRCROOT"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def document(report: LintReport, rules: Sequence[Rule]) -> dict[str, Any]:
    """Return the SARIF log. *rules* are all rules that were run."""
    known = {rule.id: index for index, rule in enumerate(rules)}
    results = [_result(finding, count, known) for finding, count in numbered(report.findings)]
    for item in report.suppressed:
        result = _result(item.finding, 1, known)
        result["suppressions"] = [
            {
                "kind": "external" if ".toml" in item.where else "inSource",
                "status": "accepted",
                "justification": spelt(f"{item.reason} ({item.where})"),
            }
        ]
        results.append(result)
    return {
        "$schema": SCHEMA_URI,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "patchkit",
                        "fullName": "patchkit accounting lint",
                        "version": __version__,
                        "rules": [_rule(rule) for rule in rules],
                    }
                },
                "automationDetails": {"id": "patchkit/lint/"},
                "originalUriBaseIds": {
                    ROOT: {"description": {"text": "The top of the kernel tree."}}
                },
                "columnKind": "utf16CodeUnits",
                "invocations": [_invocation(report)],
                "results": results,
            }
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "help": {
            "text": f"{rule.why}\n\nFails:\n\n{rule.failing}\n\nPasses:\n\n{rule.passing}",
            "markdown": (
                f"{rule.why}\n\nFails:\n\n```c\n{rule.failing.strip()}\n```\n\n"
                f"Passes:\n\n```c\n{rule.passing.strip()}\n```\n"
            ),
        },
        "properties": {"tags": ["memory-accounting", "correctness"]},
    }


def _result(finding: Finding, count: int, known: dict[str, int]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": spelt(finding.message)},
        "locations": [_location(finding.file, finding.line, function=finding.function)],
        "partialFingerprints": {
            "patchkit/v1": finding.fingerprint,
            "primaryLocationLineHash": f"{finding.fingerprint}:{count}",
        },
    }
    if finding.rule in known:
        result["ruleIndex"] = known[finding.rule]
    if finding.path:
        flow = {"locations": [_step(step, order) for order, step in enumerate(finding.path, 1)]}
        result["codeFlows"] = [{"threadFlows": [flow]}]
    return result


def _step(step: Step, order: int) -> dict[str, Any]:
    return {
        "executionOrder": order,
        "location": {
            **_location(step.file, step.line),
            "message": {"text": spelt(step.what)},
        },
    }


def _location(file: str, line: int, function: str = "") -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": uri(file), "uriBaseId": ROOT},
            "region": {"startLine": max(line, 1)},
        }
    }
    if function:
        location["logicalLocations"] = [{"name": spelt(function), "kind": "function"}]
    return location


def _invocation(report: LintReport) -> dict[str, Any]:
    invocation: dict[str, Any] = {
        "executionSuccessful": True,
        "exitCode": int(report.exit_code),
    }
    notifications = [
        {
            "level": "error" if report.strict else "warning",
            "message": {"text": spelt(f"not analysed: {item.why}")},
            "locations": [_location(item.file, item.line, item.function)],
        }
        for item in report.coverage.not_analysed
    ]
    notifications += [{"level": "note", "message": {"text": spelt(note)}} for note in report.notes]
    if notifications:
        invocation["toolExecutionNotifications"] = notifications
    return invocation


def uri(path: str) -> str:
    """Return a path of a tree as a relative URI, byte by byte where it is not plain."""
    return quote(path.encode("utf-8", "surrogateescape"), safe="/+,@~!$&'()*;=")

# SPDX-License-Identifier: GPL-2.0-only
"""The report as JSON; docs/json.md describes the keys."""

from __future__ import annotations

from typing import Any

from patchkit.lint.model import Finding
from patchkit.lint.reports.common import spelt
from patchkit.lint.session import LintReport

SCHEMA = 1


def document(report: LintReport) -> dict[str, Any]:
    """Return the JSON document."""
    coverage = report.coverage
    return {
        "schema": SCHEMA,
        "findings": [finding_json(finding) for finding in report.findings],
        "coverage": {
            "mentions": coverage.mentions,
            "analysed": coverage.analysed,
            "not_analysed": [
                {
                    "file": spelt(item.file),
                    "line": item.line,
                    "function": spelt(item.function),
                    "why": spelt(item.why),
                }
                for item in coverage.not_analysed
            ],
            "elsewhere": coverage.elsewhere,
        },
        "suppressed": [
            {
                **finding_json(item.finding),
                "reason": spelt(item.reason),
                "where": spelt(item.where),
            }
            for item in report.suppressed
        ],
        "in_baseline": report.known,
        "notes": [spelt(note) for note in report.notes],
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return one finding."""
    return {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "file": spelt(finding.file),
        "line": finding.line,
        "function": spelt(finding.function),
        "message": spelt(finding.message),
        "fingerprint": finding.fingerprint,
        "path": [
            {"file": spelt(step.file), "line": step.line, "what": spelt(step.what)}
            for step in finding.path
        ],
    }

# SPDX-License-Identifier: GPL-2.0-only
"""The report in the form of GitLab's code quality (a part of the Code Climate format)."""

from __future__ import annotations

import hashlib
from typing import Any

from patchkit.lint.model import Severity
from patchkit.lint.reports.common import numbered, spelt
from patchkit.lint.session import LintReport

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.NOTE: "info"}


def document(report: LintReport) -> list[dict[str, Any]]:
    """Return the list of issues. GitLab takes two of one fingerprint for one: they are counted."""
    issues = [
        {
            "type": "issue",
            "check_name": finding.rule,
            "description": spelt(finding.message),
            "content": {
                "body": "\n".join(
                    f"{number}. `{spelt(step.file)}:{step.line}`: {spelt(step.what)}"
                    for number, step in enumerate(finding.path, 1)
                )
            },
            "categories": ["Bug Risk"],
            "severity": _SEVERITIES[finding.severity],
            "fingerprint": finding.fingerprint if count == 1 else f"{finding.fingerprint}-{count}",
            "location": {
                "path": spelt(finding.file),
                "lines": {"begin": finding.line, "end": finding.line},
            },
        }
        for finding, count in numbered(report.findings)
    ]
    for item in report.coverage.not_analysed:
        text = f"{item.file}\0{item.line}\0{item.function}\0{item.why}"
        issues.append(
            {
                "type": "issue",
                "check_name": "not-analysed",
                "description": spelt(f"not analysed: {item.why}"),
                "categories": ["Bug Risk"],
                "severity": "major" if report.strict else "info",
                "fingerprint": hashlib.sha256(spelt(text).encode()).hexdigest()[:32],
                "location": {
                    "path": spelt(item.file),
                    "lines": {"begin": item.line, "end": item.line},
                },
            }
        )
    return issues

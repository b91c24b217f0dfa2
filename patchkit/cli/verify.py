# SPDX-License-Identifier: GPL-2.0-only
"""``patchkit verify``: what a maintainer would run on each commit."""

from __future__ import annotations

import argparse
import os

from patchkit.cli.commits import commit, render
from patchkit.cli.output import Output, ProgressDisplay
from patchkit.commits.repo import Repository
from patchkit.errors import ExitCode, NothingRanError
from patchkit.verify.model import Report, VerifyRequest
from patchkit.verify.run import verify as verify_commits
from patchkit.verify.selection import choose


def verify(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Apply the series and check the commits, the user's own on that branch too."""
    choose(arguments.checks or ())  # a misspelt check is told before anything is built
    target, plan = render(arguments, output)
    result = commit(arguments, target, plan)
    if not result.ref:
        raise NothingRanError(
            "there is no commit to verify: the tree has everything already",
            hint="patchkit plan shows the evidence",
        )
    assert target.repository is not None
    with Repository(target.repository) as repository:
        commits = [one.id for one in repository.commits_between(result.base, result.after)]
    request = VerifyRequest(
        each=arguments.each,
        checks=tuple(arguments.checks or ()),
        jobs=arguments.jobs or len(os.sched_getaffinity(0)),
    )
    with ProgressDisplay(output) as display:
        report = verify_commits(target.repository, result.base, commits, request, display)
    if arguments.format == "json":
        rows = [
            {
                "commit": row.commit,
                "subject": row.subject,
                "check": row.check,
                "state": row.state,
                "seconds": round(row.seconds, 3),
                "cached": row.cached,
                "output": row.output,
            }
            for row in report.rows
        ]
        output.json({"schema": 1, "base": report.base, "verdict": report.verdict, "rows": rows})
    else:
        _show(report, output)
    return report.exit_code


def _show(report: Report, output: Output) -> None:
    output.table(
        ("CHECK", "STATE", "COMMIT", "TIME", "SUBJECT"),
        (
            (
                row.check,
                row.state,
                row.commit[:12],
                "cached" if row.cached else f"{row.seconds:.1f} s",
                row.subject,
            )
            for row in report.rows
        ),
    )
    for row in report.rows:
        if row.output:
            output.data(f"\n{row.check} on {row.commit[:12]} ({row.subject}): {row.state}")
            output.data(row.output)
    output.data(f"\n{report.verdict}", "green" if report.verdict == "ok" else "bold red")

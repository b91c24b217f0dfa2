# SPDX-License-Identifier: GPL-2.0-only
"""``patchkit build``, ``test``, ``run`` and ``parse``: kernels, guests and their results."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from patchkit import pipeline
from patchkit.cli.commits import commit, render
from patchkit.cli.lint import introduced, show_introduced
from patchkit.cli.output import Output, ProgressDisplay
from patchkit.cli.series import show_plan, templates_of
from patchkit.errors import ExitCode, UserError
from patchkit.lint.reports.json import document as lint_document
from patchkit.lint.session import LintReport
from patchkit.pipeline import Built, TestRequest, TestResult
from patchkit.results.coverage import Coverage, ranges
from patchkit.results.junit import write_junit
from patchkit.results.record import verdict_json
from patchkit.results.verdict import Verdict, judge_log
from patchkit.series.wishes import Wishes, wishes
from patchkit.tree.resolve import repository_of

_PIECE = 1 << 20
SKIP_BISECTION = 125
"""What git bisect run takes for "this commit cannot be tested"."""


def build(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Build a kernel with the series applied."""
    request = _request(arguments, output)
    with ProgressDisplay(output) as display:
        built = pipeline.build(request, display)
    if arguments.format == "json":
        output.json(_built_json(built))
    else:
        _tell_dropped(built, output)
        output.data(str(built.image))
    return ExitCode.YES


def test(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Build and boot a kernel with the series applied, and run the kselftests."""
    try:
        return _test(arguments, output)
    except Exception as error:
        if not arguments.bisect:
            raise
        output.failure(error)
    # Whatever went wrong before a guest ran says nothing about the commit.
    sys.exit(SKIP_BISECTION)


def run(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Apply, lint, build, boot and test, saying what each step found."""
    return test(arguments, output)


def parse(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Give a verdict on a log."""
    try:
        verdict = judge_log(_pieces(arguments.file))
    except OSError as error:
        raise UserError(f"{arguments.file}: {error.strerror}") from None
    if arguments.junit:
        write_junit(verdict, arguments.junit)
    if arguments.format == "json":
        output.json({"schema": 1, **verdict_json(verdict)})
    else:
        _show_verdict(verdict, output)
    return verdict.exit_code


def _pieces(file: str) -> Iterator[bytes]:
    """Yield a log bit by bit: it may be larger than memory, or a pipe."""
    with contextlib.ExitStack() as stack:
        log = sys.stdin.buffer if file == "-" else stack.enter_context(Path(file).open("rb"))
        while piece := log.read(_PIECE):
            yield piece


def _test(arguments: argparse.Namespace, output: Output) -> ExitCode:
    request = _request(arguments, output)
    if arguments.explore:
        return _explore(arguments, request, output)
    linted = _lint(request, arguments, output) if arguments.verb == "run" else None
    with ProgressDisplay(output) as display:
        result = pipeline.test(request, display)
    if arguments.junit:
        write_junit(result.verdict, arguments.junit, name=" ".join(request.targets))
    if arguments.format == "json":
        found = {"lint": lint_document(linted)} if linted is not None else {}
        output.json({**result.as_json(), "base": arguments.base, **found})
    else:
        _show(result, output)
    code = result.verdict.exit_code
    if code is ExitCode.YES and linted is not None:
        code = linted.exit_code
    if arguments.bisect and code in (ExitCode.INFRASTRUCTURE, ExitCode.NOTHING_RAN):
        sys.exit(SKIP_BISECTION)
    return code


def _explore(arguments: argparse.Namespace, request: TestRequest, output: Output) -> ExitCode:
    """Let hypothesis drive the guest; the kselftests are built for what they are made with."""
    from patchkit.explore.run import ExploreRequest, explore_kernel

    if arguments.junit:
        raise UserError("--explore has no tests for --junit", hint="leave out one of them")
    if arguments.coverage:
        raise UserError("--explore does not count what ran", hint="leave out --coverage")
    asked = ExploreRequest(request, arguments.explore, arguments.seed)
    with ProgressDisplay(output) as display:
        result = explore_kernel(asked, display)
    if arguments.format == "json":
        output.json(result.as_json())
    else:
        for line in result.failure:
            output.data(line)
        for crash in result.crashes:
            output.data(f"line {crash.line} of the console: {crash.kind}: {crash.title}")
        output.data(f"run directory: {result.directory}")
        good = result.verdict == "pass"
        output.data(f"{result.verdict}: {result.why}", "green" if good else "bold red")
    code = result.exit_code
    if arguments.bisect and code == ExitCode.INFRASTRUCTURE:
        sys.exit(SKIP_BISECTION)
    return code


def _request(arguments: argparse.Namespace, output: Output) -> TestRequest:
    """Apply the series, if any are named, and say what to build."""
    if arguments.series:
        target, plan = render(arguments, output)
        result = commit(arguments, target, plan)
        if arguments.verb == "run" and arguments.format == "text":
            show_plan(plan, arguments, output)
        output.talk(f"{result.ref or result.base}: {result.after[:12] or 'nothing to commit'}")
        assert target.repository is not None
        tree: Path = target.repository
        revision: str | None = result.after or result.base
        arguments.base = result.base
    else:
        with ProgressDisplay(output) as display:
            repository = repository_of(arguments.tree, progress=display)
        tree = repository or Path(arguments.tree)
        revision = (arguments.rev or "HEAD") if repository else None
        arguments.base = revision or ""
    request = TestRequest(
        tree, revision, arch=arguments.arch, debug=arguments.profile == "debug",
        jobs=arguments.jobs or 0, reproduce=shlex.join(["patchkit", *sys.argv[1:]]),
    )  # fmt: skip
    if arguments.verb == "build":
        return request
    wanted = wishes_of(arguments)
    return dataclasses.replace(
        request, targets=wanted.targets, accelerator=arguments.accel,
        timeout=arguments.timeout or 0, append=wanted.append, memory=wanted.memory,
        counted_since=_counted_since(arguments, revision),
    )  # fmt: skip


def _counted_since(arguments: argparse.Namespace, revision: str | None) -> str:
    """Return what --coverage compares with: where the series was applied."""
    if not arguments.coverage:
        return ""
    if not arguments.series or revision == arguments.base:
        raise UserError(
            "--coverage is about the lines that a series adds, and there are none",
            hint="name a series that this tree does not have",
        )
    return str(arguments.base)


def wishes_of(arguments: argparse.Namespace) -> Wishes:
    """Return what the series and those that they need want, unless the user says otherwise."""
    wanted = wishes(templates_of(arguments), arguments.series)
    return Wishes(
        tuple(arguments.targets or wanted.targets),
        wanted.append if arguments.append is None else tuple(arguments.append.split()),
        arguments.memory or wanted.memory,
    )


def _lint(request: TestRequest, arguments: argparse.Namespace, output: Output) -> LintReport | None:
    """Lint what the series introduced, and show it before the build takes its time."""
    assert request.revision is not None
    if request.revision == arguments.base:
        return None  # nothing was applied
    report = introduced(request.tree, request.revision, arguments.base, output)
    if report is not None and arguments.format == "text":
        show_introduced(report, request.tree, request.revision, output)
    return report


def _tell_dropped(built: Built, output: Output) -> None:
    for dropped in built.dropped:
        output.talk(f"not in this tree: {dropped}")


def _show(result: TestResult, output: Output) -> None:
    _tell_dropped(result.built, output)
    _show_verdict(result.verdict, output)
    booted = result.booted
    output.data(f"accelerator: {booted.accelerator.upper()} ({booted.why})")
    if booted.qemu_died:
        output.data(f"booted twice: {booted.qemu_died}")
    spent = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in result.seconds.items())
    output.data(f"time: {spent}")
    if result.coverage is not None:
        _show_coverage(result.coverage, output)
    output.data(f"run directory: {result.run_directory} (index.html shows it all)")
    if result.verdict.word != "pass":
        output.data(f"console: {booted.console}")
        output.data(f"Next: {result.reproduce}")


def _show_coverage(coverage: Coverage, output: Output) -> None:
    output.table(
        ("ADDED TO", "LINES", "BRANCHES", "NEVER RAN"),
        (
            (file.path, f"{file.ran}/{file.lines}", f"{file.taken}/{file.branches}",
             ranges(file.never_ran))
            for file in coverage.files
        ),
    )  # fmt: skip
    lines, ran, branches, taken = coverage.totals
    output.data(f"coverage: {ran} of {lines} lines, {taken} of {branches} branches")


def _show_verdict(verdict: Verdict, output: Output) -> None:
    rows = [
        (test.status, test.name, "" if test.seconds is None else f"{test.seconds:.2f} s",
         test.reason)
        for test in verdict.tests
        if test.leaf or test.bad
    ]  # fmt: skip
    if rows:
        output.table(("STATUS", "TEST", "TIME", "REASON"), rows)
    for test in verdict.tests:
        if test.bad and test.leaf and test.log:
            output.data(f"{test.name}:")
            for line in test.log:
                output.data(f"  {line}")
    for crash in verdict.crashes:
        mixed = " (other text is between its lines)" if crash.interleaved else ""
        output.data(
            f"line {crash.line} of the console: {crash.kind}: {crash.title}{mixed}", "bold red"
        )
    style = "green" if verdict.word == "pass" else "bold red"
    output.data(f"{verdict.word}: {verdict.why}", style)


def _built_json(built: Built) -> dict[str, Any]:
    return {
        "schema": 1,
        "image": str(built.image),
        "config": str(built.config),
        "commit": built.commit,
        "dropped": [str(entry) for entry in built.dropped],
        "seconds": dict(built.seconds),
        "run_directory": str(built.directory),
    }

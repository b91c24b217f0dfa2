# SPDX-License-Identifier: GPL-2.0-only
"""``patchkit lint`` and ``patchkit explain``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from patchkit.cli.output import Output, ProgressDisplay
from patchkit.errors import ExitCode, NothingRanError, UserError
from patchkit.lint import baseline as baselines
from patchkit.lint import suppress
from patchkit.lint.session import LintReport, LintRequest, nearest
from patchkit.lint.session import lint as lint_tree
from patchkit.lint.worktree import WorkTree, has_work_tree
from patchkit.results.recorded import note_lint
from patchkit.tree.source import GitTree, Tree

if TYPE_CHECKING:
    from patchkit.lint.rule import Rule

# Only what a form of the report needs is imported with it: a second look at a tree takes no longer
# than a grep.


def lint(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Lint a tree and show the findings in the form that was asked for."""
    baseline = _baseline(arguments.baseline)
    suppressions = tuple((str(file), _read(file)) for file in arguments.suppressions or ())
    with ProgressDisplay(output) as display:
        tree = _tree(arguments, display)
        request = LintRequest(
            tree=tree,
            paths=_paths(arguments, tree),
            since=arguments.since or "",
            baseline=baseline,
            suppressions=suppressions,
            rules=tuple(arguments.rule or ()),
            strict=arguments.strict,
        )
        report = lint_tree(request, display)
    if isinstance(tree, GitTree) and not (request.paths or request.since or request.rules):
        severities = [str(finding.severity) for finding in report.findings]
        coverage = report.coverage
        note_lint(tree.tree_id, severities, coverage.mentions, len(coverage.not_analysed))
    if arguments.verbose:
        for stage, seconds in report.seconds.items():
            output.talk(f"{stage:<10} {seconds:7.3f} s")
    if arguments.write_baseline is not None:
        return _write_baseline(arguments.write_baseline, report, output)
    _show(report, tree, arguments.format, output)
    return report.exit_code


def explain(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Say what a rule is about, or list the rules."""
    from patchkit.lint.rule import load_rules

    rules = {rule.id: rule for rule in load_rules()}
    if arguments.rule is not None and arguments.rule not in rules:
        raise UserError(
            f"there is no rule {arguments.rule!r}{nearest(arguments.rule, tuple(rules))}",
            hint="patchkit explain lists the rules",
        )
    chosen = list(rules.values()) if arguments.rule is None else [rules[arguments.rule]]
    if arguments.format == "json":
        output.json({"schema": 1, "rules": [_rule_json(rule) for rule in chosen]})
    elif arguments.rule is None:
        output.table(
            ("RULE", "SEVERITY", "WHAT IT FINDS"),
            ((rule.id, str(rule.severity), rule.title) for rule in chosen),
        )
        output.talk("Next: patchkit explain RULE")
    else:
        _explain(chosen[0], output)
    return ExitCode.YES


def introduced(repository: Path, revision: str, base: str, output: Output) -> LintReport | None:
    """Lint what the commits after *base* introduced; None where nothing names a counter."""
    with GitTree(repository, revision) as tree, ProgressDisplay(output) as display:
        try:
            return lint_tree(LintRequest(tree=tree, since=base), display)
        except NothingRanError:
            return None


def show_introduced(report: LintReport, repository: Path, revision: str, output: Output) -> None:
    """Print the findings of introduced(), each with its path."""
    if report.findings:
        with GitTree(repository, revision) as tree:
            _show(report, tree, "text", output)
    count = len(report.findings)
    said = "no new finding" if not count else f"{count} new finding" + ("s" if count > 1 else "")
    output.data(f"lint: {said} ({len(report.coverage.not_analysed)} places not analysed)")


# -- the request -----------------------------------------------------------------------------


def _tree(arguments: argparse.Namespace, display: ProgressDisplay) -> Tree:
    """Open the tree: a checkout as it is on disk, everything else as the other verbs do."""
    if arguments.rev is None and ":" not in arguments.tree:
        path = Path(arguments.tree).expanduser()
        if path.is_dir() and has_work_tree(path):
            return WorkTree(path, name=arguments.tree)
    from patchkit.tree.resolve import open_tree

    return open_tree(arguments.tree, arguments.rev, progress=display)


def _paths(arguments: argparse.Namespace, tree: Tree) -> tuple[str, ...]:
    """Return ``--paths`` as the tree knows them; they may be typed as seen from where we are."""
    root = Path(arguments.tree).expanduser()
    chosen = []
    for path in arguments.paths or ():
        if root.is_dir() and tree.mode(path.removeprefix("./").rstrip("/")) is None:
            relative = os.path.relpath(Path(path).absolute(), root.absolute())
            if not relative.startswith(".."):
                path = relative
        chosen.append(path)
    return tuple(chosen)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}") from None


def _baseline(file: Path | None) -> baselines.Baseline | None:
    if file is None:
        return None
    if not file.exists():
        raise UserError(
            f"{file}: there is no such baseline", hint=f"patchkit lint --write-baseline {file}"
        )
    return baselines.decode(str(file), _read(file))


# -- what is shown ---------------------------------------------------------------------------


def _write_baseline(file: Path, report: LintReport, output: Output) -> ExitCode:
    made = baselines.make(report.findings)
    try:
        file.write_bytes(baselines.encode(made))
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}") from None
    output.talk(f"{file}: {len(report.findings)} findings")
    output.talk(f"Next: patchkit lint --baseline {file}")
    return ExitCode.YES


def _show(report: LintReport, tree: Tree, form: str, output: Output) -> None:
    match form:
        case "json":
            from patchkit.lint.reports import json

            output.json(json.document(report))
        case "sarif":
            from patchkit.lint.reports import sarif
            from patchkit.lint.rule import load_rules

            output.json(sarif.document(report, load_rules()))
        case "gitlab":
            from patchkit.lint.reports import gitlab

            output.json(gitlab.document(report))
        case "github":
            from patchkit.lint.reports import github

            for line in github.render(report):
                output.raw(line + "\n")
        case _:
            from patchkit.lint.reports import text
            from patchkit.lint.reports.common import SourceLines

            for line, style in text.render(report, SourceLines(tree)):
                output.data(line, style)
            _next(text.most_common_rule(report.findings), report, output)


def _next(rule: str, report: LintReport, output: Output) -> None:
    if rule:
        output.talk(f"Next: patchkit explain {rule}")
    elif report.coverage.not_analysed and not report.strict:
        output.talk("Next: patchkit lint --strict makes what was not analysed an error")


def _explain(rule: Rule, output: Output) -> None:
    output.data(f"{rule.id} ({rule.severity}): {rule.title}", "bold")
    output.data()
    output.data(rule.why.strip())
    for title, code, style in _examples(rule):
        output.data(f"\n{title}\n", "bold")
        for line, differs in code:
            output.data(f"    {line}".rstrip(), style if differs else None)
    output.data("\nWhere it is right as it is, say so and why\n", "bold")
    output.data(f"    {suppress.SYNTAX.replace('RULE', rule.id)}")
    output.data(
        "\non the line, on the line before it, or before the function for all of it; or, for a\n"
        f"tree that you cannot edit, in a file for --suppressions (the tree's own {suppress.FILE}\n"
        "is read anyway)\n"
    )
    for line in (
        "[[allow]]", f'rule = "{rule.id}"', 'file = "mm/example.c"', 'function = "example"',
        'reason = "why this is right"',
    ):  # fmt: skip
        output.data(f"    {line}")


def _examples(rule: Rule) -> Iterator[tuple[str, list[tuple[str, bool]], str]]:
    """Yield the two examples; each line with whether the other one lacks it."""
    from difflib import SequenceMatcher

    failing, passing = rule.failing.strip().splitlines(), rule.passing.strip().splitlines()
    blocks = SequenceMatcher(None, failing, passing, autojunk=False).get_matching_blocks()
    same_failing = {block.a + i for block in blocks for i in range(block.size)}
    same_passing = {block.b + i for block in blocks for i in range(block.size)}
    yield "This fails", [(t, i not in same_failing) for i, t in enumerate(failing)], "red"
    yield "This passes", [(t, i not in same_passing) for i, t in enumerate(passing)], "green"


def _rule_json(rule: Rule) -> dict[str, str]:
    return {
        "id": rule.id,
        "title": rule.title,
        "severity": str(rule.severity),
        "why": rule.why,
        "failing": rule.failing,
        "passing": rule.passing,
    }

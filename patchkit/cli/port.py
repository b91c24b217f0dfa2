# SPDX-License-Identifier: GPL-2.0-only
"""``patchkit port``: what series become on another tree, and why."""

from __future__ import annotations

import argparse
from typing import Any

from patchkit.cli.output import STATE_STYLES, Output, ProgressDisplay
from patchkit.cli.series import templates_of
from patchkit.commits.porting import Ported, compare, fact_lines, markdown, said
from patchkit.errors import ExitCode
from patchkit.files import replace_file
from patchkit.series.manifest import list_series
from patchkit.series.plan import plan
from patchkit.tree.resolve import open_tree


def port(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Compare the renderings for two trees; 1 when the second refuses a patch."""
    names = arguments.series or [one.name for one in list_series(templates_of(arguments))]
    with ProgressDisplay(output) as display:
        first = open_tree(arguments.origin, None, progress=display)
        other = open_tree(arguments.to, None, progress=display)
        plans = []
        for number, tree in enumerate((first, other), 1):
            display("plan", number - 1, 2, tree.name)
            made = plan(tree, names, templates=arguments.templates, trust=arguments.trust_templates)
            plans.append(made)
        display("plan", 2, 2, other.name)
    ported = compare(first, plans[0], other, plans[1])
    if arguments.report is not None:
        replace_file(arguments.report, markdown(ported, first.name, other.name).encode())
    if arguments.format == "json":
        output.json({
            "schema": 1, "from": first.name, "to": other.name,
            "patches": [_json(one) for one in ported],
        })  # fmt: skip
    else:
        for one in ported:
            _show(one, arguments.diff, output)
    refused = [one for one in ported if one.conflict]
    if arguments.report is not None:
        output.talk(f"{arguments.report}: all of it, as Markdown")
    elif refused:
        output.talk("Next: the same with --report FILE.md has what changed in these functions")
    return ExitCode.NO if refused else ExitCode.YES


def _show(one: Ported, diff: bool, output: Output) -> None:
    style = STATE_STYLES.get(one.after)
    change = one.after if one.before == one.after else f"{one.before} → {one.after}"
    output.data(f"{one.key}: {change}{', ' * bool(said(one))}{said(one)}", style)
    for line in (*fact_lines(one), *(one.why if one.before != one.after else ())):
        output.data(f"  {line}")
    for line in one.conflict.splitlines():
        output.data(f"  {line}")
    if diff and one.difference:
        for line in one.difference.splitlines():
            output.raw(f"    {line}\n")


def _json(one: Ported) -> dict[str, Any]:
    return {
        "patch": one.key, "subject": one.subject, "before": one.before, "after": one.after,
        "facts": [
            {"name": fact.name, "before": fact.before.value, "after": fact.after.value}
            for fact in one.facts
        ],
        "difference": one.difference, "conflict": one.conflict, "why": list(one.why),
        "moved": [
            {"place": moved.place, "found": moved.found, "diff": moved.diff} for moved in one.moved
        ],
    }  # fmt: skip

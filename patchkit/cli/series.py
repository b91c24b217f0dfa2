# SPDX-License-Identifier: GPL-2.0-only
"""``patchkit list``, ``facts`` and ``plan``: look, and change nothing."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from patchkit.cli.output import STATE_STYLES, Output, ProgressDisplay
from patchkit.errors import ConflictError, ExitCode, TreeError
from patchkit.paths import data_directory
from patchkit.series.manifest import list_series, load_series
from patchkit.series.model import PatchPlan, Plan
from patchkit.series.plan import definitions_for
from patchkit.series.plan import plan as make_plan
from patchkit.tree.facts import Fact, probe
from patchkit.tree.resolve import open_tree
from patchkit.tree.source import Tree

SCHEMA = 1


def templates_of(arguments: argparse.Namespace) -> Path:
    """Return the templates directory that was asked for."""
    chosen: Path | None = arguments.templates
    return chosen or data_directory("templates")


def tree_of(arguments: argparse.Namespace, output: Output) -> Tree:
    """Open the tree that was asked for; fetches a Debian tree on first use."""
    with ProgressDisplay(output) as display:
        return open_tree(arguments.tree, getattr(arguments, "rev", None), progress=display)


def plan_of(arguments: argparse.Namespace, tree: Tree) -> Plan:
    """Plan the series that were asked for; TreeError for what is no kernel at all."""
    made = make_plan(
        tree,
        arguments.series,
        templates=arguments.templates,
        trust=arguments.trust_templates,
    )
    if made.conflicts and arguments.templates is None:
        refuse_no_kernel(tree)
    return made


def refuse_no_kernel(tree: Tree) -> None:
    """Raise TreeError for what is no kernel tree at all."""
    if next(tree.list("mm"), None) is None:
        raise TreeError(
            f"{tree.name}: expected a kernel tree, found no mm/ in it",
            hint="go to a checkout, or name one: --tree DIRECTORY, --tree debian:6.12",
        )


def list_(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Print the series, or one series with its patches."""
    directory = templates_of(arguments)
    every = list_series(directory)
    chosen = [load_series(directory, name) for name in arguments.series] or every
    if arguments.format == "json":
        output.json(
            {
                "schema": SCHEMA,
                "series": [
                    {
                        "name": series.name,
                        "title": series.title,
                        "needs": list(series.needs),
                        "patches": [patch.id for patch in series.patches],
                    }
                    for series in chosen
                ],
            }
        )
        return ExitCode.YES
    for series in chosen:
        needs = f"  (needs {', '.join(series.needs)})" if series.needs else ""
        output.data(f"{series.name}: {series.title}{needs}", "bold")
        if arguments.series:
            output.data(series.about.strip())
        for patch in series.patches:
            output.data(f"  {patch.id}")
    return ExitCode.YES


def facts(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Print each fact with its value and where it is from."""
    definitions = definitions_for(templates_of(arguments), arguments.series)
    found = probe(definitions, tree_of(arguments, output))
    values = [found[name] for name in sorted(found)]
    if arguments.format == "json":
        output.json({"schema": SCHEMA, "facts": {fact.name: fact_json(fact) for fact in values}})
        return ExitCode.YES
    output.table(
        ("FACT", "VALUE", "WHERE", "WHY"),
        ((fact.name, value_text(fact), place(fact.file, fact.line), fact.why) for fact in values),
    )
    return ExitCode.YES


def plan(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Print what apply would do, patch by patch."""
    made = plan_of(arguments, tree_of(arguments, output))
    show_plan(made, arguments, output)
    return ExitCode.NO if made.conflicts else ExitCode.YES


def show_plan(
    made: Plan, arguments: argparse.Namespace, output: Output, extra: dict[str, Any] | None = None
) -> None:
    """Print a plan as text or JSON; *extra* joins the JSON's top level and holds commit ids."""
    extra = extra or {}
    commits: dict[str, str] = extra.pop("commits", {})
    if arguments.format == "json":
        output.json({"schema": SCHEMA, **plan_json(made, commits), **extra})
        return
    for patch in made.patches:
        output.data(_row(patch), STATE_STYLES.get(patch.state))
        if patch.state in ("present", "superseded"):
            for item in patch.evidence:
                where = f"{place(item.file, item.line)}: " if item.file else ""
                output.data(f"             {where}{item.why}")
        if getattr(arguments, "diff", False) and patch.state == "apply":
            output.raw(patch.diff)
    for patch in made.conflicts:
        output.data(f"\n{patch.series}/{patch.id}: conflict", "bold red")
        output.data(patch.conflict)


def _row(patch: PatchPlan) -> str:
    return f"{patch.state:<10} {patch.series}/{patch.id}  {patch.subject}"


def refuse_conflicts(made: Plan) -> None:
    """Raise ConflictError when the plan cannot be carried out."""
    if made.conflicts:
        names = ", ".join(f"{patch.series}/{patch.id}" for patch in made.conflicts)
        raise ConflictError(
            f"{made.tree} does not have the shape that {names} "
            f"need{'s' if len(made.conflicts) == 1 else ''}; nothing was written",
            hint="patchkit facts shows what the tree has; the templates are in templates/SERIES/",
        )


def plan_json(made: Plan, commits: dict[str, str]) -> dict[str, Any]:
    """Return the ``series`` part of the plan's JSON; see docs/json.md."""
    names = dict.fromkeys(patch.series for patch in made.patches)
    return {
        "series": [
            {
                "name": name,
                "patches": [
                    {
                        "id": patch.id,
                        "subject": patch.subject,
                        "state": patch.state,
                        "evidence": [
                            {"file": item.file, "line": item.line, "why": item.why}
                            for item in patch.evidence
                        ],
                        "conflict": patch.conflict,
                        "commit": commits.get(f"{patch.series}/{patch.id}"),
                    }
                    for patch in made.patches
                    if patch.series == name
                ],
            }
            for name in names
        ]
    }


def fact_json(fact: Fact) -> dict[str, Any]:
    """Return the JSON form of one fact."""
    return {"value": fact.value, "file": fact.file, "line": fact.line, "why": fact.why}


def value_text(fact: Fact) -> str:
    """Return a fact's value as a person reads it."""
    match fact.value:
        case bool():
            return "yes" if fact.value else "no"
        case tuple():
            return " ".join(fact.value)
        case _:
            return str(fact.value)


def place(file: str, line: int) -> str:
    """Return file:line, or just the file."""
    return f"{file}:{line}" if line else file

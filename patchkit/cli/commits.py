# SPDX-License-Identifier: GPL-2.0-only
"""``patchkit apply``, ``status`` and ``undo``: commits."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from patchkit.cli.output import Output, ProgressDisplay
from patchkit.cli.series import (
    plan_of,
    refuse_conflicts,
    refuse_no_kernel,
    show_plan,
    tree_of,
)
from patchkit.cli.standing import show_standing, standing_json
from patchkit.commits.branch import default_branch
from patchkit.commits.inplace import InPlaceRequest, apply_in_place, undo_in_place
from patchkit.commits.repo import lent_identity
from patchkit.commits.status import BranchStatus, branches, planning_base
from patchkit.commits.status import status as branch_status
from patchkit.commits.transaction import ApplyRequest, ApplyResult
from patchkit.commits.transaction import apply as apply_plan
from patchkit.commits.undo import UndoRequest
from patchkit.commits.undo import undo as undo_apply
from patchkit.errors import ExitCode, UserError
from patchkit.paths import data_directory
from patchkit.series.model import Plan
from patchkit.series.plan import digests
from patchkit.series.standing import PatchStanding, standing
from patchkit.tree.resolve import OWN, repository_of
from patchkit.tree.source import DirectoryTree, GitTree


@dataclass(frozen=True, slots=True)
class Target:
    """Where commits go: *repository* is None for a plain directory."""

    repository: Path | None
    tree: GitTree | DirectoryTree
    branch: str


def target_of(arguments: argparse.Namespace, output: Output) -> Target:
    """Open the tree to work on; on one of our own branches that is the branch's base."""
    with ProgressDisplay(output) as display:
        repository = repository_of(arguments.tree, progress=display)
    branch = getattr(arguments, "branch", None) or default_branch(arguments.series)
    if repository is None:
        if arguments.rev:
            raise UserError(f"{arguments.tree}: not a git repository, so it has no revisions")
        return Target(None, DirectoryTree(Path(arguments.tree)), branch)
    if arguments.tree.startswith(OWN):
        os.environ.update(lent_identity(repository))
    base = planning_base(repository, branch, arguments.rev or "HEAD")
    return Target(repository, GitTree(repository, base, name=arguments.tree), branch)


def render(arguments: argparse.Namespace, output: Output) -> tuple[Target, Plan]:
    """Plan the series on the target; a plan with conflicts is shown and refused."""
    target = target_of(arguments, output)
    plan = plan_of(arguments, target.tree)
    if plan.conflicts:
        show_plan(plan, arguments, output)
        refuse_conflicts(plan)
    return target, plan


def commit(
    arguments: argparse.Namespace, target: Target, plan: Plan, *, checkout: bool = False
) -> ApplyResult:
    """Put a plan on the target's branch."""
    if target.repository is None or not isinstance(target.tree, GitTree):
        raise UserError(
            f"{arguments.tree}: not a git repository, so there is nowhere to put commits",
            hint="patchkit export writes patch files; apply --in-place edits the directory",
        )
    request = ApplyRequest(
        target.repository, target.tree.commit, plan, target.branch, arguments.signoff, checkout
    )
    return apply_plan(request)


def apply(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Render series into a tree as commits."""
    target, plan = render(arguments, output)
    if arguments.dry_run:
        show_plan(plan, arguments, output)
        return ExitCode.YES
    if arguments.in_place:
        return _in_place(arguments, output, target, plan)
    result = commit(arguments, target, plan, checkout=arguments.checkout)
    commits = {f"{patch.series}/{patch.id}": patch.commit or None for patch in result.patches}
    extra = {"base": result.base, "ref": result.ref or None, "changed": result.changed}
    show_plan(plan, arguments, output, {**extra, "commits": commits})
    if result.recovered:
        output.talk("an apply that was interrupted has been put right first")
    if result.kept:
        amended = len([one for one in result.kept if one.amended])
        output.talk(
            f"kept: {len(result.kept) - amended} commits of yours, {amended} that you amended"
        )
    if result.range_diff:
        output.talk(result.range_diff)
    if not result.ref:
        output.talk("nothing to commit: everything is there already")
    elif not result.changed:
        output.talk(f"{result.ref}: holds just this already")
    else:
        output.talk(f"{result.ref}: {result.after[:12]}")
        output.talk(f"Next: git -C {target.repository} log -p {result.base[:12]}..{target.branch}")
    return ExitCode.YES


def _in_place(
    arguments: argparse.Namespace, output: Output, target: Target, plan: Plan
) -> ExitCode:
    if target.repository is not None:
        raise UserError(
            f"{arguments.tree}: a git repository gets commits, not edits in place",
            hint="leave out --in-place",
        )
    request = InPlaceRequest(Path(arguments.tree), plan)
    changed = apply_in_place(request).changed
    show_plan(plan, arguments, output, {"base": "", "ref": None, "changed": bool(changed)})
    return ExitCode.YES


def status(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Print how each patch of each series stands in the tree, then what rendered branches hold."""
    with ProgressDisplay(output) as display:
        repository = repository_of(arguments.tree, progress=display)
    found: list[BranchStatus] = []
    if repository is not None:
        names = arguments.branch or branches(repository)
        known = digests(data_directory("templates")) if names else {}
        found = [branch_status(repository, name, known) for name in names]
    elif arguments.branch:
        raise UserError(f"{arguments.tree}: not a git repository, so it has no branches")
    patches: tuple[PatchStanding, ...] = ()
    if not arguments.branch:
        tree = tree_of(arguments, output)
        if not found:
            refuse_no_kernel(tree)
        patches = standing(tree)
    if arguments.format == "json":
        output.json({"schema": 1, "series": standing_json(patches), "branches": found})
        return ExitCode.YES
    if patches:
        show_standing(patches, output, verbose=arguments.verbose)
    for one in found:
        _show_status(one, output)
    return ExitCode.YES


def _show_status(one: BranchStatus, output: Output) -> None:
    output.data(f"{one.branch}  {one.tip[:12]} on {one.base[:12]}", "bold")
    for patch in one.patches:
        commit = patch.commit[:12] or "-" * 12
        newer = "  (the template has moved on)" if patch.moved_on else ""
        output.data(f"  {patch.condition:<10} {commit} {patch.series}/{patch.id}{newer}")
    for own in one.commits:
        output.data(f"  {'yours':<10} {own.commit[:12]} {own.subject}")
    if one.problem:
        output.data(f"  {one.problem}")
    if one.unfinished:
        output.data("  an apply was interrupted; the next one puts it right")


def undo(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Take a branch, or the files of a plain directory, back to before the last apply."""
    with ProgressDisplay(output) as display:
        repository = repository_of(arguments.tree, progress=display)
    if repository is None:
        return _undo_in_place(arguments, output)
    if not arguments.branch:
        raise UserError(
            "which branch is to go back?",
            hint="patchkit undo BRANCH; patchkit status names the branches",
        )
    result = undo_apply(UndoRequest(repository, arguments.branch, arguments.dry_run))
    if arguments.format == "json":
        output.json({"schema": 1, "undo": result})
        return ExitCode.YES
    would = "would be " if result.dry_run else ""
    where = f"back at {result.after[:12]}" if result.after else "gone, as before"
    output.data(f"{result.ref}: {would}{where} (was {result.before[:12]})")
    return ExitCode.YES


def _undo_in_place(arguments: argparse.Namespace, output: Output) -> ExitCode:
    if arguments.dry_run:
        raise UserError("a plain directory is taken back at once; there is no --dry-run for it")
    result = undo_in_place(Path(arguments.tree))
    if arguments.format == "json":
        output.json({"schema": 1, "undo": {"paths": list(result.paths)}})
        return ExitCode.YES
    output.data(f"{arguments.tree}: {len(result.paths)} files are as they were")
    return ExitCode.YES

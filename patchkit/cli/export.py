# SPDX-License-Identifier: GPL-2.0-only
"""``patchkit export``: the series as mails, as quilt patches or as a branch for b4."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from patchkit.cli.commits import Target, target_of
from patchkit.cli.output import Output
from patchkit.cli.series import plan_of, refuse_conflicts, show_plan, templates_of
from patchkit.commits.b4 import prepare
from patchkit.commits.cover import Cover
from patchkit.commits.export import Exported, ExportRequest, Form, export_branch, export_plan
from patchkit.commits.exported import remember_export
from patchkit.commits.exportfiles import write_exported
from patchkit.commits.maintainers import maintainers
from patchkit.commits.repo import Repository, user_identity
from patchkit.commits.status import branches
from patchkit.errors import ExitCode, UserError
from patchkit.results.recorded import known_about
from patchkit.series.manifest import load_series

FORMS: tuple[Form, ...] = ("mbox", "patches", "quilt")


def export(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Write the series as patch files: the branch if there is one, else what apply would commit."""
    target = target_of(arguments, output)
    rendered = target.repository is not None and target.branch in branches(target.repository)
    if arguments.b4 is not None:
        return _b4(arguments, output, target, rendered)
    form, destination = next(
        (form, getattr(arguments, form)) for form in FORMS if getattr(arguments, form) is not None
    )
    request = _request(arguments, target, form, rendered)
    if arguments.cc:
        output.talk("asking scripts/get_maintainer.pl of the tree whom to copy")
    if rendered:
        assert target.repository is not None
        output.talk(f"exporting the branch {target.branch}, with what you changed there")
        made = export_branch(request, target.repository, target.branch)
    else:
        made = _from_plan(request, arguments, output, target)
    written = write_exported(made, destination)
    if made.record is not None and target.repository is not None and form != "quilt":
        committer = user_identity("COMMITTER", target.repository)
        with Repository(target.repository) as opened:
            remember_export(opened, made.record, committer)
    if arguments.format == "json":
        files = [str(path) for path in written]
        output.json({"schema": 1, "files": files, "notes": list(made.notes)})
        return ExitCode.YES
    for path in written:
        output.data(str(path))
    for note in made.notes:
        output.talk(f"note: {note}")
    output.talk(f"Next: {_next(form, destination)}")
    return ExitCode.YES


def _request(
    arguments: argparse.Namespace, target: Target, form: Form, rendered: bool
) -> ExportRequest:
    last = load_series(templates_of(arguments), arguments.series[-1])
    cover = None
    if form != "quilt":
        known = _known(target) if rendered else ""
        cover = Cover(last.title, last.about, known)
    # A plan is of this tree; a branch is copied on as the tree under it says.
    whom = partial(maintainers, target.tree) if arguments.cc else None
    place = target.repository or Path()
    return ExportRequest(
        form,
        version=arguments.reroll_count,
        cover=cover,
        style=arguments.backport_style,
        only=tuple(arguments.series) if arguments.only else (),
        signer=user_identity("COMMITTER", place) if arguments.signoff else None,
        whom_to_copy=whom,
    )


def _known(target: Target) -> str:
    assert target.repository is not None
    with Repository(target.repository) as opened:
        commit = opened.commit(opened.resolve(f"refs/heads/{target.branch}"))
    return known_about(commit.id, commit.tree)


def _from_plan(
    request: ExportRequest, arguments: argparse.Namespace, output: Output, target: Target
) -> Exported:
    plan = plan_of(arguments, target.tree)
    if plan.conflicts:
        show_plan(plan, arguments, output)
        refuse_conflicts(plan)
    base = getattr(target.tree, "commit", "")
    return export_plan(request, plan, identity_from=target.repository, base=base)


def _b4(arguments: argparse.Namespace, output: Output, target: Target, rendered: bool) -> ExitCode:
    if target.repository is None or not rendered:
        raise UserError(
            f"{arguments.tree}: there is no branch {target.branch} to make a b4 branch from",
            hint=f"patchkit apply {' '.join(arguments.series)}, then the same command again",
        )
    if arguments.cc:
        raise UserError(
            "--cc is not for --b4: b4 asks get_maintainer.pl itself",
            hint="b4 prep --auto-to-cc on the branch",
        )
    request = _request(arguments, target, "patches", rendered)
    made = prepare(request, target.repository, target.branch, arguments.b4)
    if arguments.format == "json":
        document = {
            "branch": made.branch, "commit": made.tip, "change_id": made.change_id,
            "changed": made.changed,
        }  # fmt: skip
        output.json({"schema": 1, "b4": document})
        return ExitCode.YES
    output.data(f"{made.branch}: {made.tip[:12]}, change-id {made.change_id}")
    if made.cover_kept:
        output.talk("the cover letter and b4's data are as they were")
    output.talk(f"Next: git checkout {made.branch} && b4 prep --show-info")
    return ExitCode.YES


def _next(form: Form, destination: Path) -> str:
    match form:
        case "mbox":
            return f"git am {destination}"
        case "patches":
            return f"git send-email --dry-run {destination}"
        case _:
            return f"QUILT_PATCHES={destination} quilt push -a --fuzz=0"

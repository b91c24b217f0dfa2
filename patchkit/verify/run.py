# SPDX-License-Identifier: GPL-2.0-only
"""Run all checks on a range of commits and report a row for each check and commit.

What a compiler or checker says is compared with the base: what was wrong there already is not held
against a commit. The commits come first and the base last, and of the base only what a commit gives
reason to look at: a clean object is clean whatever it was before.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from patchkit.progress import Progress, no_progress
from patchkit.verify import checkpatch
from patchkit.verify.builds import Builds
from patchkit.verify.model import Outcome, Report, Row, Step, VerifyRequest
from patchkit.verify.selection import CHECKPATCH, check_names, choose
from patchkit.verify.series import SeriesRun, Timed
from patchkit.verify.settings import settings
from patchkit.verify.store import Store
from patchkit.verify.touched import steps

STAGE = "verify"


def verify(
    repository: Path,
    base: str,
    commits: Sequence[str],
    request: VerifyRequest | None = None,
    progress: Progress = no_progress,
) -> Report:
    """Check *commits* (full ids, oldest first, the first one's parent being *base*).

    A problem with one checker is a row of its own and does not keep the others from running.
    Raises UserError for an unknown check and TreeError for commits that are not there.
    """
    request = request or VerifyRequest()
    chosen = choose(request.checks)
    store = Store(request.cache)
    rows: list[Row] = []
    if CHECKPATCH in chosen:
        rows += _checkpatch(repository, base, commits, request, store, progress)
    if set(chosen) - {CHECKPATCH}:
        picked = steps(repository, base, commits, each=request.each)
        builds = Builds(repository, request, store, progress)
        run = SeriesRun(repository, base, picked, chosen, builds, request, store, progress)
        rows += run.rows()
    order = {name: number for number, name in enumerate(check_names())}
    place = {commit: number for number, commit in enumerate(commits)}
    rows.sort(key=lambda row: (order.get(row.check, len(order)), place.get(row.commit, 0)))
    return Report(base, tuple(rows))


def _checkpatch(
    repository: Path,
    base: str,
    commits: Sequence[str],
    request: VerifyRequest,
    store: Store,
    progress: Progress,
) -> list[Row]:
    """Run checkpatch on every commit: a patch is what it reads, whatever --each says."""
    if not commits:
        return []
    root = checkpatch.prepare(repository, base, store.directory)
    picked = steps(repository, base, commits, each=True)
    rules = repr(settings().accepted)

    def one(step: Step) -> Row:
        key = ("checkpatch", step.commit, root.name, rules)
        timed = Timed()
        outcome = store.get(Outcome, *key)
        cached = outcome is not None
        if outcome is None:
            outcome = checkpatch.check(repository, step.commit, root)
            if outcome.state != "infrastructure":
                store.put(outcome, *key)
        return timed.row(CHECKPATCH, step, outcome, cached=cached)

    rows: list[Row] = []
    with ThreadPoolExecutor(max_workers=max(1, request.jobs)) as pool:
        for row in pool.map(one, picked):
            rows.append(row)
            progress(CHECKPATCH, len(rows), len(picked), row.subject)
    return rows

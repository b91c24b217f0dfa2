# SPDX-License-Identifier: GPL-2.0-only
"""Lint many mutants, with two processes, and keep what came of each."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from mutants.corpus import open_tree
from mutants.engine import Session
from mutants.model import Mutant
from mutants.score import judge, telling
from patchkit.lint.model import Finding


class Result(msgspec.Struct, frozen=True):
    """What the lint made of one mutant. *good*: a defect found, or a harmless edit unseen."""

    id: str
    tree: str
    path: str
    function: str
    operator: str
    harmless: bool
    reach: str
    good: bool
    seconds: float
    more: tuple[str, ...] = ()
    """New findings as ``rule function subject``."""
    fewer: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    """The rules that found the defect."""
    failed: str = ""


class Run(msgspec.Struct, frozen=True):
    """A whole run. *build* has the seconds that the first analysis of each tree took."""

    commit: str
    date: str
    seed: str
    half: str
    seconds: float
    build: dict[str, float]
    base: dict[str, int]
    results: tuple[Result, ...]


def _told(finding: Finding) -> str:
    return f"{finding.rule} {finding.function} {finding.subject}"


def lint_one(session: Session, mutant: Mutant) -> Result:
    """Lint one mutant with the analysis of its tree."""
    data = session.tree.read(mutant.path)
    assert data is not None
    outcome = session.lint({mutant.path: mutant.apply(data)})
    return Result(
        id=mutant.id,
        tree=mutant.tree,
        path=mutant.path,
        function=mutant.function,
        operator=mutant.operator,
        harmless=mutant.harmless,
        reach=mutant.reach,
        good=judge(mutant, outcome),
        seconds=round(outcome.seconds, 4),
        more=tuple(_told(f) for f in outcome.more),
        fewer=tuple(_told(f) for f in outcome.fewer),
        by=() if mutant.harmless else tuple(sorted({f.rule for f in telling(mutant, outcome)})),
        failed=outcome.failed,
    )


def _tree(job: tuple[str, list[Mutant]]) -> tuple[str, float, int, list[Result]]:
    version, mutants = job
    with open_tree(version) as tree:
        session = Session(tree)
        results = [lint_one(session, mutant) for mutant in mutants]
        return version, session.seconds, len(session.base), results


def run(
    mutants: Sequence[Mutant],
    processes: int,
    seed: str,
    half: str,
    each: Callable[[str], None] = lambda _: None,
) -> Run:
    """Lint all mutants; a tree's are done by one process, the largest share first."""
    started = time.perf_counter()
    jobs: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        jobs.setdefault(mutant.tree, []).append(mutant)
    ordered = sorted(jobs.items(), key=lambda job: -len(job[1]))
    build: dict[str, float] = {}
    base: dict[str, int] = {}
    results: list[Result] = []

    def collect(parts: Iterable[tuple[str, float, int, list[Result]]]) -> None:
        for version, seconds, count, found in parts:
            build[version], base[version] = round(seconds, 2), count
            results.extend(found)
            mean = sum(one.seconds for one in found) / max(len(found), 1)
            each(f"{version}: {len(found)} mutants, {mean:.3f} s each, base {seconds:.1f} s")

    if processes > 1 and len(ordered) > 1:
        context = multiprocessing.get_context("fork")
        with context.Pool(processes) as pool:
            collect(pool.imap_unordered(_tree, ordered))
    else:
        collect(map(_tree, ordered))
    return Run(
        commit=head(),
        date=time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
        seed=seed,
        half=half,
        seconds=round(time.perf_counter() - started, 1),
        build=build,
        base=base,
        results=tuple(sorted(results, key=lambda r: (r.harmless, r.operator, r.id))),
    )


def head() -> str:
    """Return the commit of the checkout that runs, with ``+`` when it has changes."""
    here = Path(__file__).parent
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}

    def ask(*words: str) -> str:
        done = subprocess.run(
            ("git", "-C", str(here), *words), stdout=subprocess.PIPE, check=False, text=True,
            env=environment,
        )  # fmt: skip
        return done.stdout.strip()

    changed = ask("status", "--porcelain", "--untracked-files=no", "--", ":/patchkit/lint")
    return ask("rev-parse", "--short=12", "HEAD") + ("+" if changed else "")


def save(made: Run, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(made)))


def load(path: Path) -> Run:
    return msgspec.json.decode(path.read_bytes(), type=Run)

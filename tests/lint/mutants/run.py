# SPDX-License-Identifier: GPL-2.0-only
"""Lint many mutants, with two processes, and keep what came of each."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from mutants.corpus import open_tree
from mutants.engine import Session
from mutants.filesets import FileSets
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


_EVERY = 20
"""After so many mutants a worker says on standard error how far it is."""


class Job(msgspec.Struct):
    """The mutants of one tree for one process; with *sets* each by its file's set of files."""

    version: str
    mutants: list[Mutant]
    sets: bool


def _tree(job: Job) -> tuple[str, float, int, list[Result]]:
    results: list[Result] = []
    seconds, base = 0.0, 0
    with open_tree(job.version) as tree:
        sets = FileSets(tree) if job.sets else None
        paths = sorted({mutant.path for mutant in job.mutants}) if sets is not None else [""]
        for path in paths:
            session = Session(tree, sets.of(path) if sets is not None else ())
            seconds, base = seconds + session.seconds, base + len(session.base)
            for mutant in job.mutants:
                if path not in ("", mutant.path):
                    continue
                results.append(lint_one(session, mutant))
                if len(results) % _EVERY == 0:
                    good = sum(one.good for one in results)
                    used = sum(one.seconds for one in results)
                    head = f"{job.version}: {len(results)} of {len(job.mutants)}"
                    print(f"{head}, {good} good, {used:.0f} s", file=sys.stderr, flush=True)
    return job.version, seconds, base, results


def run(
    mutants: Sequence[Mutant],
    processes: int,
    seed: str,
    half: str,
    sets: bool = False,
    each: Callable[[str], None] = lambda _: None,
) -> Run:
    """Lint all mutants; a tree's are done by one process, the largest share first."""
    started = time.perf_counter()
    jobs: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        jobs.setdefault(mutant.tree, []).append(mutant)
    ordered = [Job(version, held, sets) for version, held in jobs.items()]
    ordered.sort(key=lambda job: -len(job.mutants))
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
        half=f"{half}, by file sets" if sets else half,
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

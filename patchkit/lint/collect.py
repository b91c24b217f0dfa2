# SPDX-License-Identifier: GPL-2.0-only
"""All findings of a whole tree, made once and kept by what the tree contains."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from patchkit.lint import cache, collector, others, scope
from patchkit.lint.model import Finding
from patchkit.lint.suppress import MARK
from patchkit.lint.tally import FileCoverage
from patchkit.progress import Progress
from patchkit.tree.source import Tree

if TYPE_CHECKING:
    from patchkit.lint.analysis import Analysis

# What parses and analyses is imported when there is something to analyse: a report that was kept
# is shown without it.


@dataclass(frozen=True, slots=True)
class Raw:
    """Everything the rules say about a tree; nothing is left out yet.

    *findings* are sorted by file, line, rule and fingerprint. *files* has the files with mentions.
    *marked* are the files with suppressing comments. *seconds* is where the time went.
    """

    findings: tuple[Finding, ...]
    files: dict[str, FileCoverage]
    marked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Analyser:
    """Analyses trees, or fetches what was kept of them. *seconds* sums up where the time went."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.analysis: Analysis | None = None
        """What the tree that was analysed last is known by; None if nothing was to be analysed."""
        self.seconds: dict[str, float] = {}

    def rule_ids(self) -> tuple[str, ...]:
        """Return the ids of all rules."""
        from patchkit.lint.rule import load_rules

        return tuple(rule.id for rule in load_rules())

    def kept(self, identity: str | None) -> Raw | None:
        """Return what is kept of a tree; None when nothing is."""
        if identity is None:
            return None
        with self._timed("cache"):
            return cache.load("reports", _key(identity), Raw)

    def analyse(self, tree: Tree, identity: str | None) -> Raw:
        """Analyse a tree with all rules and keep the result under *identity*."""
        with collector.seldom():
            return self._analyse(tree, identity)

    def _analyse(self, tree: Tree, identity: str | None) -> Raw:
        with ThreadPoolExecutor(1) as other:
            # Import while git searches. Not the other way round: git ends with the thread that
            # started it (PDEATHSIG), and what reads objects is needed later.
            loading = other.submit(self._load)
            places, marked = self._search(tree)
            loading.result()
        from patchkit.lint import snapshot
        from patchkit.lint.analysis import Analysis
        from patchkit.lint.counters import load_counters
        from patchkit.lint.program import Program

        analysis: Analysis | None = None
        if places:
            with self._timed("snapshot"):
                analysis = snapshot.nearest(tree) if identity is not None else None
            if analysis is None:
                with self._timed("paths"):
                    analysis = Analysis(Program(tree, load_counters(), tuple(places)))
                if identity is not None:
                    with self._timed("snapshot"):
                        snapshot.keep(tree, analysis)
        self.analysis = analysis
        return self._finish(tree, analysis, places, marked, identity)

    def _load(self) -> None:
        with self._timed("load"):
            from patchkit.lint.rule import load_rules

            load_rules()  # these import the rest

    def analyse_earlier(self, earlier: Tree, changed: Sequence[str]) -> Raw:
        """Analyse *earlier*, which differs in the files *changed* from the tree analysed last."""
        from patchkit.lint.coverage import C_SUFFIXES

        name = scope.identity(earlier)
        last = self.analysis
        code = [path for path in changed if path.endswith(C_SUFFIXES)]
        if last is None or len(code) > scope.NEARBY:
            return self.analyse(earlier, name)
        places, marked = self._search(earlier)
        with collector.seldom():
            with self._timed("paths"):
                analysis = last.edited({path: earlier.read(path) or b"" for path in code})
            return self._finish(earlier, analysis, places, marked, name)

    def _search(self, tree: Tree) -> tuple[dict[str, tuple[scope.Place, ...]], tuple[str, ...]]:
        from patchkit.lint.counters import load_counters

        self._progress("search", 0, 1, f"{tree.name} for what is accounted")
        with self._timed("search"):
            counters = load_counters()
            words = tuple(word.encode() for word in counters.words)
            places: dict[str, tuple[scope.Place, ...]] = {}
            marked: list[str] = []
            for path in scope.search(tree, (*words, MARK), counters.outside):
                data = tree.read(path) or b""
                found = scope.find_mentions(data, words)
                if found:
                    places[path] = found
                if MARK in data:
                    marked.append(path)
        self._progress("search", 1, 1, "")
        return places, tuple(marked)

    def _finish(
        self,
        tree: Tree,
        analysis: Analysis | None,
        places: Mapping[str, tuple[scope.Place, ...]],
        marked: tuple[str, ...],
        identity: str | None,
    ) -> Raw:
        findings: list[Finding] = []
        files: dict[str, FileCoverage] = {}
        if analysis is not None:
            from patchkit.lint.coverage import cover
            from patchkit.lint.rule import load_rules

            with self._timed("rules"):
                for rule in load_rules():
                    findings += rule.check(analysis)
            with self._timed("coverage"):
                files = cover(tree, places, analysis.program, analysis.problem)
        findings.sort(key=lambda item: (item.file, item.line, item.rule, item.fingerprint))
        raw = Raw(tuple(findings), files, marked)
        if identity is not None:
            cache.store("reports", _key(identity), raw)
        return raw

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[what] = self.seconds.get(what, 0.0) + time.perf_counter() - started


def _key(identity: str) -> str:
    return cache.key_of([identity, cache.code_version(), others.digest()])

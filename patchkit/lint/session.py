# SPDX-License-Identifier: GPL-2.0-only
"""From a request to a report: search, analyse, run the rules, and leave out what is known.

The whole of a tree is analysed, with all rules, and kept by what the tree contains; what is asked
for is then taken from that. So the second question about a tree costs next to nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from patchkit.errors import ExitCode, NothingRanError, UserError
from patchkit.lint import baseline as baselines
from patchkit.lint import since, suppress
from patchkit.lint.collect import Analyser, Raw
from patchkit.lint.model import Coverage, Finding, Report
from patchkit.lint.scope import identity
from patchkit.lint.suppress import Allowance, Suppressed
from patchkit.lint.tally import FileCoverage, total
from patchkit.progress import Progress, no_progress
from patchkit.tree.source import Tree


@dataclass(frozen=True, slots=True)
class LintRequest:
    """What to lint, and what to leave out."""

    tree: Tree
    paths: tuple[str, ...] = ()
    """Files or directories of the tree; empty for all. Summaries are of the whole tree anyway."""
    since: str = ""
    """A revision: only what is not there yet at it."""
    baseline: baselines.Baseline | None = None
    suppressions: tuple[tuple[str, bytes], ...] = ()
    """Names and contents of suppressions files, besides the tree's own."""
    rules: tuple[str, ...] = ()
    """Ids; empty for all."""
    strict: bool = False
    """A mention that could not be analysed is as bad as a finding."""


@dataclass(frozen=True, slots=True)
class LintReport(Report):
    """A report, and what was left out of it."""

    suppressed: tuple[Suppressed, ...] = ()
    known: int = 0
    """Findings that the baseline has."""
    files: int = 0
    """Files with mentions that were looked at."""
    strict: bool = False
    cached: bool = False
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Where the time went."""

    @property
    def exit_code(self) -> ExitCode:
        """1 when there are findings, with *strict* also when code was not analysed; else 0."""
        missed = self.strict and self.coverage.not_analysed
        return ExitCode.NO if self.findings or missed else ExitCode.YES


def lint(request: LintRequest, progress: Progress = no_progress) -> LintReport:
    """Lint a tree.

    Raises NothingRanError when nothing that is asked for mentions a counter, UserError for a rule,
    path, revision or suppression that is wrong, and what reading the tree raises.
    """
    return _Session(request, progress).run()


class _Session:
    def __init__(self, request: LintRequest, progress: Progress) -> None:
        self.request = request
        self.tree = request.tree
        self.analyser = Analyser(progress)
        self.seconds = self.analyser.seconds
        self.notes: list[str] = []

    def run(self) -> LintReport:
        request = self.request
        self._check_rules()
        paths = self._paths()
        with self._timed("identify"):
            name = identity(self.tree)
        raw = self.analyser.kept(name)
        cached = raw is not None
        if raw is None:
            raw = self.analyser.analyse(self.tree, name)
        files = {p: c for p, c in raw.files.items() if paths is None or _below(p, paths)}
        if not files:
            raise NothingRanError(
                f"{self.tree.name}: nothing "
                + ("in these files " if request.paths else "")
                + "names a counter or its limit, so there is nothing to look at",
                hint="patchkit lint --tree TREE lints a whole kernel tree; see --help",
            )
        findings = [finding for finding in raw.findings if self._wanted(finding, paths)]
        if request.since:
            findings = self._since(findings, raw)
        left, suppressed = self._suppress(findings, raw, paths)
        known = 0
        if request.baseline is not None:
            left, known = self._baseline(left, request.baseline, paths)
        return LintReport(
            left, self._coverage(files), (*raw.notes, *self.notes), suppressed, known,
            len(files), request.strict, cached, dict(self.seconds),
        )  # fmt: skip

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[what] = self.seconds.get(what, 0.0) + time.perf_counter() - started

    # -- what is asked for -------------------------------------------------------------------

    def _check_rules(self) -> None:
        known = self.analyser.rule_ids() if self.request.rules else ()
        for rule in self.request.rules:
            if rule not in known:
                raise UserError(
                    f"there is no rule {rule!r}{nearest(rule, known)}",
                    hint="patchkit explain lists the rules",
                )

    def _paths(self) -> tuple[str, ...] | None:
        """Return what ``--paths`` names, directories without a slash at the end; None for all."""
        if not self.request.paths:
            return None
        cleaned = []
        for path in self.request.paths:
            name = path.removeprefix("./").rstrip("/")
            if name not in (".", "") and self.tree.mode(name) is None:
                raise UserError(
                    f"{path}: no such file in {self.tree.name}",
                    hint="--paths takes files and directories as seen from the tree's top",
                )
            cleaned.append("" if name == "." else name)
        return tuple(cleaned)

    def _wanted(self, finding: Finding, paths: Sequence[str] | None) -> bool:
        rules = self.request.rules
        return (not rules or finding.rule in rules) and (
            paths is None or _below(finding.file, paths)
        )

    def _coverage(self, files: Mapping[str, FileCoverage]) -> Coverage:
        return total(files[path] for path in sorted(files))

    # -- what is left out --------------------------------------------------------------------

    def _since(self, findings: Sequence[Finding], raw: Raw) -> list[Finding]:
        with since.earlier(self.tree, self.request.since) as base:
            with self._timed("compare"):
                difference = since.difference(self.tree, base)
            if not difference.changed:
                return []
            before = self.analyser.kept(identity(base))
            if before is None:
                before = self.analyser.analyse_earlier(base, difference.changed)
        new = since.new_findings(raw.findings, before.findings, difference.renamed)
        chosen = {id(finding) for finding in new}
        return [finding for finding in findings if id(finding) in chosen]

    def _suppress(
        self, findings: Sequence[Finding], raw: Raw, paths: Sequence[str] | None
    ) -> tuple[tuple[Finding, ...], tuple[Suppressed, ...]]:
        allowances = self._allowances(raw)
        if not allowances:
            return tuple(findings), ()
        for item in suppress.apply(raw.findings, allowances).unused:
            if paths is None or _below(item.file, paths):
                what = f" in {item.function}()" if item.function else ""
                self.notes.append(
                    f"{item.where}: this allows {item.rule}{what}, and there is no such finding: "
                    "remove it"
                )
        done = suppress.apply(findings, allowances)
        return done.left, done.suppressed

    def _allowances(self, raw: Raw) -> list[Allowance]:
        files = list(self.request.suppressions)
        own = self.tree.read(suppress.FILE)
        if own is not None:
            files.insert(0, (suppress.FILE, own))
        if not files and not raw.marked:
            return []
        rules = self.analyser.rule_ids()
        found: list[Allowance] = []
        for path in raw.marked:
            found += suppress.from_source(path, self.tree.read(path) or b"", rules)
        for name, data in files:
            found += suppress.from_file(name, data, rules)
        return found

    def _baseline(
        self,
        findings: Sequence[Finding],
        baseline: baselines.Baseline,
        paths: Sequence[str] | None,
    ) -> tuple[tuple[Finding, ...], int]:
        done = baselines.compare(findings, baseline)
        if not self.request.since:
            for entry in done.stale:
                rules = self.request.rules
                if (rules and entry.rule not in rules) or (
                    paths is not None and not _below(entry.file, paths)
                ):
                    continue
                self.notes.append(
                    f"{entry.file}: the baseline has {entry.rule} in {entry.function}(), "
                    f"{entry.count} more than there is now: write it anew"
                )
        return done.left, done.known


def _below(path: str, roots: Sequence[str]) -> bool:
    return any(not root or path == root or path.startswith(f"{root}/") for root in roots)


def nearest(name: str, known: Sequence[str]) -> str:
    """Return `` (did you mean X?)``, or nothing when no name is near."""
    import difflib

    found = difflib.get_close_matches(name, list(known), 1)
    return f" (did you mean {found[0]}?)" if found else ""

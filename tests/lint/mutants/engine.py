# SPDX-License-Identifier: GPL-2.0-only
"""The lint in process: one analysis of a tree, edited for each mutant."""

from __future__ import annotations

import functools
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mutants.corpus import open_tree
from patchkit.lint.analysis import Analysis
from patchkit.lint.collect import Analyser
from patchkit.lint.collector import seldom
from patchkit.lint.counters import load_counters
from patchkit.lint.model import Finding
from patchkit.lint.program import Program
from patchkit.lint.rule import load_rules
from patchkit.lint.scope import identity
from patchkit.progress import no_progress
from patchkit.tree.source import Tree


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the lint says of one edit: findings there are more of, and fewer of.

    *failed* is the message of an exception, *seconds* the processor time of analysis and rules.
    """

    more: tuple[Finding, ...]
    fewer: tuple[Finding, ...]
    seconds: float
    failed: str = ""


def findings(analysis: Analysis) -> tuple[Finding, ...]:
    """Return what all rules say, sorted."""
    found = [finding for rule in load_rules() for finding in rule.check(analysis)]
    return tuple(sorted(found, key=lambda f: (f.file, f.line, f.rule, f.fingerprint)))


class Session:
    """A tree's analysis and its findings, made once; of some *files* only, if they are given.

    The findings in a whole tree are kept for ``lint`` as well.
    """

    def __init__(self, tree: Tree, files: Sequence[str] = ()) -> None:
        started = time.process_time()
        self.tree = tree
        if files:
            with seldom():
                self.analysis = Analysis(Program(tree, load_counters(), tuple(files)))
                self.base = findings(self.analysis)
        else:
            analyser = Analyser(no_progress)
            self.base = analyser.analyse(tree, identity(tree)).findings
            assert analyser.analysis is not None
            self.analysis = analyser.analysis
        self.seconds = time.process_time() - started
        self._count = Counter(finding.fingerprint for finding in self.base)

    def lint(self, changes: Mapping[str, bytes]) -> Outcome:
        """Lint the tree with some files changed and compare, as multisets of fingerprints."""
        started = time.process_time()
        try:
            with seldom():
                now = findings(self.analysis.edited(dict(changes)))
        except Exception as error:  # a crash is a result: the mutant is not found
            seconds = time.process_time() - started
            return Outcome((), (), seconds, f"{type(error).__name__}: {error}")
        seconds = time.process_time() - started
        count = Counter(finding.fingerprint for finding in now)
        return Outcome(
            _surplus(now, count - self._count), _surplus(self.base, self._count - count), seconds
        )


def _surplus(findings: tuple[Finding, ...], surplus: Counter[str]) -> tuple[Finding, ...]:
    left, found = Counter(surplus), []
    for finding in findings:
        if left[finding.fingerprint] > 0:
            left[finding.fingerprint] -= 1
            found.append(finding)
    return tuple(found)


@functools.cache
def session_of(version: str) -> Session:
    """Return the session of a real tree, one for all tests of a process."""
    return Session(open_tree(version))

# SPDX-License-Identifier: GPL-2.0-only
"""The whole analysis over a few C files in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from patchkit.lint.analysis import Analysis
from patchkit.lint.counters import load_counters
from patchkit.lint.model import Finding
from patchkit.lint.program import Program
from patchkit.lint.rule import load_rules
from patchkit.tree.source import DIRECTORY, REGULAR, compute_blob_id


class Files:
    """A tree that is a dictionary."""

    name = "memory"

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = {path: text.encode() for path, text in files.items()}

    def read(self, path: str) -> bytes | None:
        return self._files.get(path)

    def mode(self, path: str) -> int | None:
        if path in self._files:
            return REGULAR
        return DIRECTORY if any(each.startswith(f"{path}/") for each in self._files) else None

    def blob_id(self, path: str) -> str | None:
        data = self.read(path)
        return None if data is None else compute_blob_id(data)

    def list(self, under: str = "") -> Iterator[str]:
        under = under.rstrip("/")
        return iter(
            sorted(
                path
                for path in self._files
                if not under or path == under or path.startswith(f"{under}/")
            )
        )


def analysis_of(files: Mapping[str, str]) -> Analysis:
    """Return the analysis of a tree that consists of these files."""
    return Analysis(Program(Files(files), load_counters(), tuple(sorted(files))))


def findings_of(text: str, rule: str = "", path: str = "drivers/misc/window.c") -> list[Finding]:
    """Return the findings of all rules, or of one, in a file with this text."""
    analysis = analysis_of({path: text})
    found = [
        each for known in load_rules() if rule in ("", known.id) for each in known.check(analysis)
    ]
    return sorted(found, key=lambda each: (each.line, each.rule, each.subject))

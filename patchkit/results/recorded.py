# SPDX-License-Identifier: GPL-2.0-only
"""What earlier runs on this machine found out about a commit, in words for a cover letter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from patchkit.errors import UserError
from patchkit.files import replace_file
from patchkit.paths import cache_directory
from patchkit.results.record import RESULTS, read_run


class LintOutcome(msgspec.Struct, frozen=True):
    """What a lint of a whole tree came to: findings by severity, and mentions by how they fared."""

    findings: dict[str, int]
    mentions: int
    not_analysed: int


def known_about(commit: str, tree_id: str, cache: Path | None = None) -> str:
    """Return what is recorded of test runs on *commit* and of a lint of *tree_id*; "" if nothing.

    Of several runs with the same targets, profile and accelerator the last one counts, whatever
    it says. Damaged records count as none.
    """
    root = cache or cache_directory()
    lines = [*_runs(root, commit), *_lint(root, tree_id)]
    return "Known of these commits:\n" + "".join(f"  {line}\n" for line in lines) if lines else ""


def note_lint(
    tree_id: str, severities: Sequence[str], mentions: int, not_analysed: int,
    cache: Path | None = None,
) -> None:  # fmt: skip
    """Record the outcome of a lint of a whole tree: the findings' severities, and the coverage."""
    file = _lint_file(cache or cache_directory(), tree_id)
    file.parent.mkdir(parents=True, exist_ok=True)
    counts = dict(Counter(sorted(severities)))
    replace_file(file, msgspec.json.encode(LintOutcome(counts, mentions, not_analysed)))


def _runs(root: Path, commit: str) -> Iterator[str]:
    last: dict[tuple[object, ...], str] = {}
    for file in sorted((root / "runs").glob(f"*/{RESULTS}")):
        try:
            run = read_run(file.parent)
        except UserError:
            continue
        if run.commit != commit:
            continue
        targets, accelerator = " ".join(run.targets), run.accelerator.upper()
        profile = ", with lockdep, DEBUG_VM and KASAN" if run.profile == "debug" else ""
        day = file.parent.name.partition("-")[0]
        last[targets, profile, accelerator] = (
            f"{day[:4]}-{day[4:6]}-{day[6:8]}, kselftests {targets} in QEMU ({accelerator})"
            f"{profile}: {run.verdict}, {run.why}"
        )
    yield from last.values()


def _lint_file(root: Path, tree_id: str) -> Path:
    return root / "lint-outcomes" / f"{tree_id}.json"


def _lint(root: Path, tree_id: str) -> Iterator[str]:
    try:
        known = msgspec.json.decode(_lint_file(root, tree_id).read_bytes(), type=LintOutcome)
    except (OSError, msgspec.DecodeError):
        return
    counts = ", ".join(
        f"{number} {name}{'' if number == 1 else 's'}" for name, number in known.findings.items()
    )
    yield (
        f"patchkit lint: {counts or 'no findings'} in the whole tree; {known.mentions} mentions"
        f" of counters and limits, {known.not_analysed or 'none'} of them not analysed"
    )

# SPDX-License-Identifier: GPL-2.0-only
"""What earlier runs on this machine found out about a commit, in words for a cover letter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from patchkit.paths import cache_directory


def known_about(commit: str, tree_id: str, cache: Path | None = None) -> str:
    """Return what is recorded of test runs on *commit* and of a lint of *tree_id*; "" if nothing.

    Of several runs with the same targets, profile and accelerator the last one counts, whatever
    it says. Damaged records count as none.
    """
    root = cache or cache_directory()
    lines = [*_runs(root, commit), *_lint(root, tree_id)]
    return "Known of these commits:\n" + "".join(f"  {line}\n" for line in lines) if lines else ""


def note_lint(
    tree_id: str, severities: list[str], mentions: int, not_analysed: int,
    cache: Path | None = None,
) -> None:  # fmt: skip
    """Record the outcome of a lint of a whole tree: the findings' severities, and the coverage."""
    file = _lint_file(cache or cache_directory(), tree_id)
    file.parent.mkdir(parents=True, exist_ok=True)
    counts = {name: severities.count(name) for name in dict.fromkeys(sorted(severities))}
    document = {"findings": counts, "mentions": mentions, "not_analysed": not_analysed}
    temporary = file.with_suffix(".new")
    temporary.write_text(json.dumps(document), encoding="utf-8")
    temporary.replace(file)


def _runs(root: Path, commit: str) -> Iterator[str]:
    last: dict[tuple[object, ...], str] = {}
    for file in sorted((root / "runs").glob("*/metadata.json")):
        record = _load(file)
        result = record.get("result")
        if record.get("commit") != commit or not isinstance(result, dict):
            continue
        targets = " ".join(record.get("targets", ()))
        accelerator = str(result.get("accelerator", "")).upper()
        profile = ", with lockdep, DEBUG_VM and KASAN" if record.get("debug") else ""
        day = file.parent.name.partition("-")[0]
        last[(targets, profile, accelerator)] = (
            f"{day[:4]}-{day[4:6]}-{day[6:8]}, kselftests {targets} in QEMU ({accelerator})"
            f"{profile}: {result.get('verdict')}, {result.get('why')}"
        )
    yield from last.values()


def _lint_file(root: Path, tree_id: str) -> Path:
    return root / "lint-outcomes" / f"{tree_id}.json"


def _lint(root: Path, tree_id: str) -> Iterator[str]:
    record = _load(_lint_file(root, tree_id))
    if not record:
        return
    counts = ", ".join(
        f"{number} {name}{'' if number == 1 else 's'}"
        for name, number in record["findings"].items()
    )
    yield (
        f"patchkit lint: {counts or 'no findings'} in the whole tree; {record['mentions']} mentions"
        f" of counters and limits, {record['not_analysed'] or 'none'} of them not analysed"
    )


def _load(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}

# SPDX-License-Identifier: GPL-2.0-only
"""The table of ``patchkit status``: each patch of each series, how it stands, and where that is."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from patchkit.cli.output import STATE_STYLES, Output
from patchkit.series.model import Evidence
from patchkit.series.standing import PatchStanding

WIDTH = 80
_INDENT = " " * 17


def standing_json(patches: Sequence[PatchStanding]) -> list[dict[str, Any]]:
    """Return the ``series`` part of the JSON; see docs/json.md."""
    return [
        {
            "name": name,
            "patches": [
                {
                    "id": patch.id,
                    "subject": patch.subject,
                    "state": patch.state,
                    "evidence": [_evidence_json(item) for item in patch.evidence],
                    "lacking": [_evidence_json(item) for item in patch.lacking],
                }
                for patch in group
            ],
        }
        for name, group in groupby(patches, key=lambda patch: patch.series)
    ]


def show_standing(patches: Sequence[PatchStanding], output: Output, *, verbose: bool) -> None:
    """Print the table in 80 columns; *verbose* adds what was seen at each place."""
    output.data(f"{'STATE':<10}  {'PATCH':<4} SUBJECT, AND WHERE IT SHOWS", "bold")
    for name, group in groupby(patches, key=lambda patch: patch.series):
        members = list(group)
        counted = Counter(patch.state for patch in members)
        output.data(f"{name}: " + ", ".join(f"{n} {state}" for state, n in counted.items()), "bold")
        for patch in members:
            number = patch.id.partition("-")[0]
            subject = textwrap.shorten(patch.subject, WIDTH - len(_INDENT), placeholder="…")
            output.data(f"{patch.state:<10}  {number:<4} {subject}", STATE_STYLES.get(patch.state))
            for line in _lines(patch, verbose):
                output.data(line)


def _lines(patch: PatchStanding, verbose: bool) -> Iterable[str]:
    evidence, lacking = patch.evidence, patch.lacking
    if verbose:
        for item in (*evidence, *lacking):
            yield from _wrapped(f"{_place(item)}: {item.why}" if item.file else item.why)
        return
    if patch.state == "superseded":
        yield from _wrapped(evidence[0].why)
        evidence = evidence[1:]
    word = {"absent": "not in ", "partial": "has "}.get(patch.state, "")
    yield from _wrapped(word + _places(evidence))
    if lacking:
        yield from _wrapped("lacks " + _places(lacking))


def _places(evidence: Iterable[Evidence]) -> str:
    found = [item for item in evidence if item.file]
    exact = [item for item in found if item.line] or found
    return ", ".join(dict.fromkeys(_place(item) for item in exact))


def _wrapped(text: str) -> list[str]:
    if not text.strip():
        return []
    return textwrap.wrap(
        text, WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT, break_on_hyphens=False
    )


def _place(item: Evidence) -> str:
    return f"{item.file}:{item.line}" if item.line else item.file


def _evidence_json(item: Evidence) -> dict[str, Any]:
    return {"file": item.file, "line": item.line, "why": item.why}

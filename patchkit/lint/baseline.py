# SPDX-License-Identifier: GPL-2.0-only
"""Findings that were there already, as a file that can be reviewed and committed.

The file has each finding's fingerprint, how many there are of it, and for people the rule, the
file, the function and the message; sorted by these, so that a change to it reads well as a diff.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import msgspec

from patchkit.errors import UserError
from patchkit.lint.model import Finding

SCHEMA = 1


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """*count* findings with one fingerprint; the rest is what they are, for people."""

    fingerprint: Annotated[str, msgspec.Meta(min_length=1)]
    count: Annotated[int, msgspec.Meta(ge=1)]
    rule: str
    file: str
    function: str
    message: str


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of a baseline file."""

    schema: int
    findings: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """What the baseline does not have, how many it has, and what is no longer there."""

    left: tuple[Finding, ...]
    known: int
    stale: tuple[Entry, ...]


def make(findings: Iterable[Finding]) -> Baseline:
    """Return the baseline that has just these findings."""
    counts: Counter[str] = Counter()
    first: dict[str, Finding] = {}
    for finding in findings:
        counts[finding.fingerprint] += 1
        first.setdefault(finding.fingerprint, finding)
    entries = [
        Entry(name, counts[name], item.rule, item.file, item.function, item.message)
        for name, item in first.items()
    ]
    entries.sort(key=lambda item: (item.file, item.function, item.rule, item.fingerprint))
    return Baseline(SCHEMA, tuple(entries))


def encode(baseline: Baseline) -> bytes:
    """Return the bytes of the file."""
    return msgspec.json.format(msgspec.json.encode(baseline), indent=1) + b"\n"


def decode(name: str, data: bytes) -> Baseline:
    """Read a baseline file; UserError, naming it as *name*, when it is none."""
    hint = f"patchkit lint --write-baseline {name} makes it anew"
    try:
        baseline = msgspec.json.decode(data, type=Baseline)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{name}: not a baseline: {error}", hint=hint) from None
    if baseline.schema != SCHEMA:
        raise UserError(
            f"{name}: expected a baseline of schema {SCHEMA}, found {baseline.schema}", hint=hint
        )
    return baseline


def compare(findings: Iterable[Finding], baseline: Baseline) -> Compared:
    """Take out what the baseline has: of each fingerprint as many as it counts, the first ones."""
    remaining = Counter({entry.fingerprint: entry.count for entry in baseline.findings})
    left, known = [], 0
    for finding in findings:
        if remaining[finding.fingerprint] > 0:
            remaining[finding.fingerprint] -= 1
            known += 1
        else:
            left.append(finding)
    stale = tuple(
        msgspec.structs.replace(entry, count=remaining[entry.fingerprint])
        for entry in baseline.findings
        if remaining[entry.fingerprint] > 0
    )
    return Compared(tuple(left), known, stale)

# SPDX-License-Identifier: GPL-2.0-only
"""A baseline is a multiset of fingerprints that a person can review."""

from __future__ import annotations

import json

import pytest
from lint_fakes import finding

from patchkit.errors import UserError
from patchkit.lint import baseline


def test_round_trip_is_sorted_and_counts() -> None:
    findings = [
        finding("b", file="mm/b.c"), finding("a", line=1), finding("a", line=2),
        finding("a", rule="other-rule"), finding("a", function="e"),
    ]  # fmt: skip
    made = baseline.make(findings)
    data = baseline.encode(made)
    assert baseline.decode("x", data) == made
    entries = json.loads(data)["findings"]
    assert [(item["file"], item["function"], item["rule"], item["count"]) for item in entries] == [
        ("mm/a.c", "e", "leak", 1),
        ("mm/a.c", "f", "leak", 2),
        ("mm/a.c", "f", "other-rule", 1),
        ("mm/b.c", "f", "leak", 1),
    ]
    assert baseline.encode(baseline.make(reversed(findings))) == data
    assert data.endswith(b"}\n")


def test_compare() -> None:
    known = baseline.make([finding("a"), finding("b"), finding("b"), finding("c")])
    now = [finding("a", line=1), finding("a", line=9), finding("b"), finding("d")]
    done = baseline.compare(now, known)
    assert [(item.subject, item.line) for item in done.left] == [("a", 9), ("d", 3)]
    assert done.known == 2
    assert {(entry.message, entry.count) for entry in done.stale} == {
        ("the pages are never given back", 1)
    }
    assert len(done.stale) == 2


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a baseline"),
        (b"[]", "Expected `object`"),
        (b'{"schema": 2, "findings": []}', "expected a baseline of schema 1, found 2"),
        (b'{"schema": 1, "findings": [{"fingerprint": "x"}]}', "missing required field"),
        (b"\xff\xff", "not a baseline"),
        (
            b'{"schema": 1, "findings": [{"fingerprint": "x", "count": 0, "rule": "", "file": "",'
            b' "function": "", "message": ""}]}',
            "Expected `int` >= 1",
        ),
    ],
)
def test_what_is_no_baseline(data: bytes, message: str) -> None:
    with pytest.raises(UserError, match=f"^known.json: .*{message}") as error:
        baseline.decode("known.json", data)
    assert "--write-baseline known.json" in error.value.hint

# SPDX-License-Identifier: GPL-2.0-only
"""patchkit.results.recorded: what a cover letter may say of a commit."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchkit.results.record import RESULTS, Run, write_run
from patchkit.results.recorded import known_about, note_lint

COMMIT, TREE = "c" * 40, "7" * 40


def ran(cache: Path, name: str, **more: object) -> Path:
    """Leave a run directory of *name*, of COMMIT unless *more* says otherwise."""
    directory = cache / "runs" / name
    directory.mkdir(parents=True)
    fields: dict[str, object] = {
        "verdict": "pass", "why": "5 of 5 tests passed", "tests": (), "crashes": (),
        "end": "exited", "accelerator": "tcg", "accelerator_why": "", "tree": "linux",
        "commit": COMMIT, "targets": ("memlock", "mpin"), "profile": "default", "seconds": {},
        "versions": {}, "commands": {}, **more,
    }  # fmt: skip
    write_run(Run(**fields), directory)  # type: ignore[arg-type]
    return directory


def test_nothing_is_said_where_nothing_is_known(tmp_path: Path) -> None:
    ran(tmp_path, "20261101-100000-x", commit="d" * 40)
    note_lint("8" * 40, [], 194, 0, tmp_path)
    assert known_about(COMMIT, TREE, tmp_path) == ""


def test_the_last_run_of_a_kind_counts_whatever_it_says(tmp_path: Path) -> None:
    ran(tmp_path, "20261101-100000-x")
    ran(tmp_path, "20261102-100000-x", verdict="fail", why="mpin: limits: fail")
    ran(tmp_path, "20261101-110000-x", profile="debug", accelerator="kvm")
    assert known_about(COMMIT, TREE, tmp_path).splitlines() == [
        "Known of these commits:",
        "  2026-11-02, kselftests memlock mpin in QEMU (TCG): fail, mpin: limits: fail",
        "  2026-11-01, kselftests memlock mpin in QEMU (KVM), with lockdep, DEBUG_VM and KASAN: "
        "pass, 5 of 5 tests passed",
    ]


@pytest.mark.parametrize(
    ("severities", "not_analysed", "said"),
    [
        ([], 0, "no findings in the whole tree; 194 mentions of counters and limits, none of them"),
        (["note", "error", "note"], 3, "1 error, 2 notes in the whole tree; 194 mentions of "
         "counters and limits, 3 of them"),
    ],
)  # fmt: skip
def test_a_lint_is_told_with_its_coverage(
    severities: list[str], not_analysed: int, said: str, tmp_path: Path
) -> None:
    note_lint(TREE, severities, 194, not_analysed, tmp_path)
    told = known_about(COMMIT, TREE, tmp_path)
    assert told == f"Known of these commits:\n  patchkit lint: {said} not analysed\n"


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"findings": 3}', b"\xff"])
def test_damaged_records_count_as_none(damage: bytes, tmp_path: Path) -> None:
    (ran(tmp_path, "20261101-100000-x") / RESULTS).write_bytes(damage)
    note_lint(TREE, [], 194, 0, tmp_path)
    (tmp_path / "lint-outcomes" / f"{TREE}.json").write_bytes(damage)
    assert known_about(COMMIT, TREE, tmp_path) == ""

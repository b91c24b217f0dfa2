# SPDX-License-Identifier: GPL-2.0-only
"""What benchmarks/mm.py reads out of a guest's results, and what it makes of them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

PATH = Path(__file__).resolve().parents[1] / "benchmarks" / "mm.py"
RESULTS = """\
TAP version 13
1..1
# mm: mmap+munmap 4000.0
# mm: fork 100000.5
ok 1 mm: mm_calls
"""


@pytest.fixture(scope="module")
def mm() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_mm", PATH)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_calls_are_read_in_their_order(mm: ModuleType) -> None:
    assert list(mm.parse(RESULTS).items()) == [("mmap+munmap", 4000.0), ("fork", 100000.5)]


@pytest.mark.parametrize(
    ("text", "what"),
    [("TAP version 13\n", "found none"), (RESULTS + "# mm: fork 1.0\n", "fork was measured twice")],
)
def test_results_that_say_nothing_are_refused(mm: ModuleType, text: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        mm.parse(text)


def test_the_worst_call_decides(mm: ModuleType) -> None:
    base = mm.parse(RESULTS)
    lines, worst = mm.table(base, {"mmap+munmap": 4080.0, "fork": 100000.5})
    assert worst == pytest.approx(1.02)
    assert len(lines) == 3
    assert lines[1].split() == ["mmap+munmap", "4000.0", "4080.0", "1.0200"]
    assert lines[2].endswith("1.0000")


def test_kernels_that_measured_different_calls_are_not_compared(mm: ModuleType) -> None:
    with pytest.raises(ValueError, match="only one has: fork"):
        mm.table(mm.parse(RESULTS), {"mmap+munmap": 4000.0})

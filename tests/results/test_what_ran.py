# SPDX-License-Identifier: GPL-2.0-only
"""patchkit.results.coverage, with counters that gcc's own programs leave."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from patchkit.errors import InfrastructureError
from patchkit.process import ProgramFailed
from patchkit.results.coverage import added_lines, measure, ranges, unpack

DIFF = """\
diff --git a/mm/a.c b/mm/a.c
--- a/mm/a.c
+++ b/mm/a.c
@@ -0,0 +3,2 @@
+int n;
+int m;
@@ -9 +11,0 @@
-gone
diff --git a/Documentation/a.rst b/Documentation/a.rst
new file mode 100644
--- /dev/null
+++ b/Documentation/a.rst
@@ -0,0 +1 @@
+words
diff --git a/mm/old.c b/mm/old.c
deleted file mode 100644
--- a/mm/old.c
+++ /dev/null
@@ -1 +0,0 @@
-int x;
"""

HEADER = """\
static inline int is_odd(int n)
{
	if (n & 1)
		return 1;
	return 0;
}
"""
SOURCE = """\
#include "../include/a.h"

int main(int argc, char **argv)
{
	if (argc > 5)
		return 3;
	return is_odd(argc) ? 0 : 2;
}
"""


def test_what_a_diff_adds_to_c() -> None:
    assert added_lines(DIFF) == {"mm/a.c": frozenset({3, 4})}


@pytest.mark.parametrize(
    ("numbers", "text"),
    [((), ""), ((3,), "3"), ((3, 4), "3-4"), ((1, 3, 4, 5, 9), "1, 3-5, 9")],
)
def test_ranges(numbers: tuple[int, ...], text: str) -> None:
    assert ranges(numbers) == text


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    """A build directory in which a program with counters has run."""
    if shutil.which("gcc") is None or shutil.which("gcov") is None:
        pytest.skip("needs gcc and gcov")
    build = tmp_path / "build-x"
    (tmp_path / "include").mkdir()
    (tmp_path / "mm").mkdir()
    (build / "mm").mkdir(parents=True)
    (tmp_path / "include" / "a.h").write_text(HEADER)
    (tmp_path / "mm" / "a.c").write_text(SOURCE)
    for words in (
        ["gcc", "-O0", "--coverage", "-c", "-o", "mm/a.o", "../mm/a.c"],
        ["gcc", "--coverage", "-o", "a", "mm/a.o"],
        ["./a"],
    ):
        subprocess.run(words, cwd=build, check=True, capture_output=True)
    return build


def stream(objects: Path, *extra: tuple[str, bytes]) -> bytes:
    counters = (objects / "mm" / "a.gcda").read_bytes()
    files = ((f"{objects}/mm/a.gcda", counters), *extra)
    return b"".join(f"{name} {len(data)}\n".encode() + data for name, data in files)


def test_lines_and_branches_that_ran(objects: Path, tmp_path: Path) -> None:
    counters = tmp_path / "coverage.counters"
    # Neither an object of another tree nor a name that leads elsewhere is taken.
    foreign = (("/elsewhere/mm/a.gcda", b"x"), (f"{objects}/../../a.gcda", b"y\n"))
    counters.write_bytes(stream(objects, *foreign))
    found = unpack(counters, objects, tmp_path / "out")
    assert [path.relative_to(tmp_path / "out").as_posix() for path in found] == ["mm/a.gcda"]
    added = {
        "mm/a.c": frozenset(range(1, 9)),
        "include/a.h": frozenset({3, 4}),
        "mm/b.c": frozenset({1}),
    }
    header, source = measure(found, "gcov", added).files
    assert (header.path, header.lines, header.ran, header.never_ran) == ("include/a.h", 2, 2, ())
    assert (header.branches, header.taken, header.one_way) == (2, 1, (3,))
    assert (source.path, source.never_ran) == ("mm/a.c", (6,))
    assert source.ran == source.lines - 1
    assert source.one_way == (5, 7)


def test_counters_that_were_cut_off(objects: Path, tmp_path: Path) -> None:
    counters = tmp_path / "coverage.counters"
    counters.write_bytes(stream(objects)[:-1])
    with pytest.raises(InfrastructureError, match="did not hand over all of its counters"):
        unpack(counters, objects, tmp_path / "out")


def test_counters_that_gcov_cannot_read(objects: Path, tmp_path: Path) -> None:
    counters = tmp_path / "coverage.counters"
    counters.write_bytes(f"{objects}/mm/a.gcda 0\n".encode())
    found = unpack(counters, objects, tmp_path / "out")
    found[0].with_suffix(".gcno").write_bytes(b"no notes")
    with pytest.raises(ProgramFailed, match="not a gcov notes file"):
        measure(found, "gcov", {"mm/a.c": frozenset({1})})

# SPDX-License-Identifier: GPL-2.0-only
"""The diffs are what git takes, whatever the bytes are."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchkit.series.model import FileChange
from patchkit.series.udiff import blocks, file_diff, unified

LINES = st.lists(st.sampled_from([b"a", b"b", b"c", b"", b"int f(void)", b"\xe9\r"]), max_size=25)
CONTENT = st.builds(
    lambda lines, tail: b"\n".join(lines) + tail, LINES, st.sampled_from([b"", b"\n"])
)


@given(LINES, LINES)
def test_blocks_turn_one_side_into_the_other(a: list[bytes], b: list[bytes]) -> None:
    result: list[bytes] = []
    at = 0
    for a0, a1, b0, b1 in blocks(a, b):
        assert a0 >= at and (a0 < a1 or b0 < b1)
        result += a[at:a0]
        assert len(result) == b0
        result += b[b0:b1]
        at = a1
    assert result + a[at:] == b


def git(where: Path, *words: str, data: bytes | None = None) -> None:
    done = subprocess.run(("git", *words), cwd=where, input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def applied(where: Path, changes: list[FileChange]) -> None:
    for change in changes:
        path = where / change.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if change.old is not None:
            path.write_bytes(change.old)
            path.chmod(change.mode & 0o777)
    git(where, "apply", "--unsafe-paths", "-", data=b"".join(file_diff(each) for each in changes))
    for change in changes:
        path = where / change.path
        assert (path.read_bytes() if path.exists() else None) == change.new
        assert change.new is None or path.stat().st_mode & 0o100 == change.mode & 0o100


def test_git_takes_new_deleted_empty_executable_and_odd_files(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    applied(
        tmp_path,
        [
            FileChange("new.c", None, b"x\ny"),
            FileChange("empty", None, b""),
            FileChange("run.sh", None, b"#!/bin/sh\n", 0o100755),
            FileChange("gone.c", b"a\nb\n", None),
            FileChange("gone-empty", b"", None),
            FileChange("mm/a b.c", b"\xe9\n" * 3 + b"x", b"\xe9\n" * 3 + b"x\n"),
            FileChange('odd"\\\u00e9\t.c', b"1\r\n2\r\n", b"1\r\n3\r\n"),
            FileChange("keeps-mode", b"1\n", b"2\n", 0o100755),
            FileChange("all", b"1\n" * 9, b"2\n"),
        ],
    )


@settings(max_examples=25, deadline=None)
@given(old=CONTENT, new=CONTENT)
def test_git_takes_any_change(
    old: bytes, new: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if old != new:
        where = tmp_path_factory.mktemp("repository")
        git(where, "init", "-q")
        applied(where, [FileChange("f", old, new)])


def test_hunks_that_touch_are_one_and_functions_are_named() -> None:
    old = b"int f(void)\n{\n" + b"".join(b"\t%d;\n" % number for number in range(30)) + b"}\n"
    new = old.replace(b"\t8;\n", b"\tx;\n").replace(b"\t14;\n", b"").replace(b"\t25;\n", b"\ty;\n")
    text = unified([FileChange("a.c", old, new)])
    assert [line for line in text.splitlines() if line.startswith("@@")] == [
        "@@ -8,13 +8,12 @@ int f(void)", "@@ -25,7 +24,7 @@ int f(void)",
    ]  # fmt: skip


def test_what_is_no_utf8_is_read_as_latin_1() -> None:
    assert "+\xe9" in unified([FileChange("a", b"", b"\xe9\n")])
    assert "+\u00e9" in unified([FileChange("a", b"", "\u00e9\n".encode())])

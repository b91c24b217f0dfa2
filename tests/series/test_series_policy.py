# SPDX-License-Identifier: GPL-2.0-only
"""Nothing a template says reaches outside the tree, into .git, through a link or to other modes."""

from __future__ import annotations

import pytest
from series_support import MemoryTree

from patchkit.errors import TemplateError
from patchkit.series.apply import apply
from patchkit.series.model import FileChange
from patchkit.series.policy import check_changes, path_problem
from patchkit.series.semantic import parse

BAD = [
    "", "/etc/passwd", "../x", "mm/../../x", "mm/..", "..", ".", "./x", "mm//x", "mm/./x", "mm/",
    ".git", ".git/config", ".GIT/config", "mm/.Git/hooks/x", "mm/.git", ".git /x", ".git./x",
    ".git::$INDEX_ALLOCATION/x", "git~1/x", "GIT~1/config", ".g\u200cit/config", ".gi\u200dt/x",
    "\uff0egit/config", "a\0b", "a\nb", "a\tb", "a\x7fb", " x", "x ", "mm\\x", "\x1b[2Jx",
]  # fmt: skip


@pytest.mark.parametrize("path", BAD)
def test_bad_paths(path: str) -> None:
    assert path_problem(path)


@pytest.mark.parametrize("path", ["mm/mlock.c", ".gitignore", "a.git/x", "mm/git.c", "..x", "ö/x"])
def test_good_paths(path: str) -> None:
    assert path_problem(path) == ""


PLAIN = [bad for bad in BAD if bad and "\n" not in bad and bad == bad.strip()]


@pytest.mark.parametrize("path", PLAIN)
@pytest.mark.parametrize("header", ["--- {}\n@@ text @@\n+x\n", "--- /dev/null\n+++ {}\n+x\n",
                                    "--- {}\n+++ /dev/null\n"])  # fmt: skip
def test_bad_paths_in_a_diff_are_refused_before_the_tree_is_asked(path: str, header: str) -> None:
    patch = parse("s\n---\n" + header.format(path), "t.patch.j2")
    with pytest.raises(TemplateError, match=r"t\.patch\.j2:3: the path"):
        apply(patch, MemoryTree({}), lambda name: b"")


LINKED = MemoryTree(
    {"real/a.c": "x\n", "sub/b": "x"},
    {"link": 0o120000, "real/link.c": 0o120000, "module": 0o160000},
)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("link/a.c", "beyond the symbolic link link"),
        ("link", "is a symbolic link"),
        ("real/link.c", "is a symbolic link"),
        ("real/a.c/b", "below real/a.c, which is no directory"),
        ("module/x", "which is no directory"),
        ("module", "no regular file"),
        ("real", "no regular file"),
    ],
)
def test_places_that_are_no_regular_files(path: str, message: str) -> None:
    patch = parse(f"s\n---\n--- /dev/null\n+++ {path}\n+x\n", "t.patch.j2")
    with pytest.raises(TemplateError, match=message):
        apply(patch, LINKED, lambda name: b"")
    with pytest.raises(TemplateError, match=message):
        check_changes(LINKED, [FileChange(path, None, b"x")], "here")


@pytest.mark.parametrize("mode", [0o120000, 0o160000, 0o40000, 0o100777, 0o104755, 0])
def test_other_modes_are_refused_in_changes(mode: int) -> None:
    with pytest.raises(TemplateError, match="is not allowed"):
        check_changes(MemoryTree({}), [FileChange("a", None, b"x", mode)], "here")


def test_changes_that_differ_in_case_only_are_refused() -> None:
    with pytest.raises(TemplateError, match="case only"):
        check_changes(
            MemoryTree({}), [FileChange("mm/A", None, b""), FileChange("mm/a", None, b"")], "here"
        )

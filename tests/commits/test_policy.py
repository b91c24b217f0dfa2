# SPDX-License-Identifier: GPL-2.0-only
"""The last look at a diff: it says what the plan says, or nothing is published."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchkit.commits import policy
from patchkit.commits.policy import check_patch, split_lines
from patchkit.errors import TemplateError
from patchkit.series.model import FileChange

HEAD = b"diff --git a/mm/x.c b/mm/x.c\nindex 1111111..2222222 100644\n--- a/mm/x.c\n+++ b/mm/x.c\n"
DIFF = HEAD + b"@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"
CHANGE = FileChange("mm/x.c", b"one\ntwo\nthree\n", b"one\n2\nthree\n")
NEW = (
    b"diff --git a/mm/n.c b/mm/n.c\nnew file mode %s\nindex 0000000..1111111\n"
    b"--- /dev/null\n+++ b/mm/n.c\n@@ -0,0 +1 @@\n+x\n"
)
ADDED = FileChange("mm/n.c", None, b"x\n")


def test_a_diff_that_is_the_plan() -> None:
    check_patch(DIFF, [CHANGE], "x")
    check_patch(DIFF + NEW % b"100644", [CHANGE, ADDED], "x")
    check_patch(b"", [FileChange("mm/same.c", b"x\n", b"x\n")], "x")


@pytest.mark.parametrize(
    ("diff", "changes", "reason"),
    [
        (DIFF, [], "touches 'mm/x.c', which the plan does not"),
        (b"", [CHANGE], "does not touch mm/x.c"),
        (DIFF, [CHANGE, CHANGE], "names a path twice"),
        (DIFF.replace(b"+2\n", b"+3\n"), [CHANGE], "does not make what the plan has"),
        (DIFF.replace(b" one\n", b" eins\n"), [CHANGE], "context is not in the tree"),
        (NEW % b"120000", [ADDED], "makes mm/n.c a symbolic link"),
        (NEW % b"160000", [ADDED], "makes mm/n.c a submodule"),
        (NEW % b"100755", [ADDED], "expected mode 100644, the diff says 100755"),
        (NEW % b"104755", [ADDED], "only 100644 and 100755"),
        (NEW % b"100644", [FileChange("mm/n.c", b"y\n", b"x\n")], "disagree on whether it is"),
        (DIFF.replace(b"b/mm/x.c", b"b/mm/y.c"), [FileChange("mm/y.c", b"", b"")], "renames"),
        (DIFF.replace(b"mm/x.c", b"../x.c"), [CHANGE], r"touches '\.\./x\.c'"),
        (DIFF + b"@@ broken\n", [CHANGE, ADDED], "does not touch"),
        (DIFF.replace(b"-1,3", b"-1,9"), [CHANGE], "cannot be parsed"),
        (HEAD[:57] + b"\nBinary files a/mm/x.c and b/mm/x.c differ\n", [CHANGE], "binary"),
    ],
)  # fmt: skip
def test_a_diff_that_is_not(diff: bytes, changes: list[FileChange], reason: str) -> None:
    with pytest.raises(TemplateError, match=reason):
        check_patch(diff, changes, "x")


def test_the_size_limit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "MAX_DIFF_BYTES", 10)
    with pytest.raises(TemplateError, match="more than the limit of 10"):
        check_patch(DIFF, [CHANGE], "x")


@given(st.binary())
def test_lines_lose_nothing(data: bytes) -> None:
    lines = split_lines(data)
    assert b"".join(lines) == data
    assert all(one.endswith(b"\n") for one in lines[:-1])


TEXT = st.lists(
    st.sampled_from([b"a\n", b"b\n", b"c\r\n", b"\n", b"\x0c\n", b"\xff\n", b"-- \n", b"--- x\n",
                     b"+++ y\n", b"@@ -1 +1 @@\n", b"diff --git a/x b/x\n", b"\\ No newline\n"]),
    max_size=30,
).map(b"".join)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(old=TEXT, new=TEXT, end=st.sampled_from([b"", b"no end", b"\r"]))
def test_git_and_unidiff_agree_on_any_text(
    tmp_path_factory: pytest.TempPathFactory, old: bytes, new: bytes, end: bytes
) -> None:
    import subprocess

    from patchkit.commits.render import tree_diffs
    from patchkit.commits.repo import Repository

    place = tmp_path_factory.getbasetemp() / "diffs.git"
    if not place.exists():
        subprocess.run(["git", "init", "-q", "--bare", str(place)], check=True)
    old, new = old or b"x\n", (new or b"y\n") + end
    with Repository(place) as repository:
        trees = [
            repository.write_tree({"f.c": (0o100644, repository.write_blob(data))})
            for data in (old, new)
        ]
        diff = tree_diffs(repository, [(trees[0], trees[1])])[0]
    check_patch(diff, [FileChange("f.c", old, new)], "x")

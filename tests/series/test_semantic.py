# SPDX-License-Identifier: GPL-2.0-only
"""The notation: what is accepted, and what each refusal says."""

from __future__ import annotations

import pytest

from patchkit.errors import TemplateError
from patchkit.series.semantic import Origin, SemanticPatch, parse

HEAD = "mm: do a thing\n\nBecause.\n"


def parsed(diff: str, head: str = HEAD) -> SemanticPatch:
    return parse(f"{head}---\n{diff}", "t.patch.j2")


def test_message_files_and_hunks() -> None:
    patch = parsed(
        "--- mm/a.c\n@@ function f if CONFIG_MMU && !CONFIG_NUMA @@\n a;\n-b;\n+c;\n\n"
        "@@ after struct s @@\n+struct t;\n"
        '--- /dev/null\n+++ mm/b.c\n@@ new 100755 "b.j2" @@\n'
        "--- mm/c.c\n+++ /dev/null\n"
    )
    assert (patch.subject, patch.message) == ("mm: do a thing", "mm: do a thing\n\nBecause.")
    assert [(file.path, file.action) for file in patch.files] == [
        ("mm/a.c", "edit"), ("mm/b.c", "create"), ("mm/c.c", "delete"),
    ]  # fmt: skip
    first, second = patch.files[0].hunks
    assert (first.kind, first.name, first.condition) == (
        "function",
        "f",
        "CONFIG_MMU && !CONFIG_NUMA",
    )
    assert [(line.mark, line.text) for line in first.lines] == [
        (" ", b"a;"), ("-", b"b;"), ("+", b"c;"),
    ]  # fmt: skip
    assert (second.position, second.kind, second.name) == ("after", "struct", "s")
    assert (patch.files[1].hunks[0].source, patch.files[1].hunks[0].mode) == ("b.j2", 0o100755)


def test_new_file_from_added_lines() -> None:
    for header in ("", "@@ new @@\n"):
        patch = parsed(f"--- /dev/null\n+++ a\n{header}+x\n+\n+y\n")
        assert [line.text for line in patch.files[0].hunks[0].lines] == [b"x", b"", b"y"]


def test_a_removed_line_that_looks_like_a_header() -> None:
    patch = parsed("--- a\n@@ text @@\n--- not a header\n context\n+x\n--- b\n@@ text @@\n+y\n")
    assert [file.path for file in patch.files] == ["a", "b"]
    assert patch.files[0].hunks[0].lines[0].text == b"-- not a header"


def test_origins_are_those_given() -> None:
    origins = [Origin("x.j2", 10 * number) for number in range(1, 20)]
    patch = parse("s\n---\n--- a\n@@ text @@\n+y\n", "t", origins)
    assert str(patch.files[0].hunks[0].lines[0].origin) == "x.j2:50"


@pytest.mark.parametrize(
    ("diff", "message"),
    [
        ("", "expected a diff"),
        ("--- a\n", "expected a hunk"),
        ("text\n", "expected '--- PATH'"),
        ("--- a\n@@ function @@\n+x\n", "expected @@ KIND NAME"),
        ("--- a\n@@ -1,2 +1,2 @@\n+x\n", "expected @@ KIND NAME"),
        ("--- a\n@@ method f @@\n+x\n", "'method' is no kind of entity"),
        ("--- a\n@@ function f @@\n x;\n", "changes nothing"),
        ("--- a\n@@ after function f @@\n x;\n+y;\n", "takes + lines only"),
        ("--- a\n@@ function f @@\nx;\n+y;\n", "begins with ' ', '-' or '+'"),
        ("--- a\n@@ function f @@\n\tx;\n+y;\n", "a blank before its indentation"),
        ("--- a\n+++ b\n@@ text @@\n+y\n", "cannot be renamed"),
        ("--- a\n+++ /dev/null\n@@ text @@\n-y\n", "a deletion has no hunks"),
        ("--- /dev/null\n+++ /dev/null\n", "both sides"),
        ("--- /dev/null\n+++ a\n@@ text @@\n+y\n", "a new file has"),
        ('--- a\n@@ new "x.j2" @@\n', "is for new files"),
        ('--- /dev/null\n+++ a\n@@ new 120000 "x.j2" @@\n', "found 120000"),
        ('--- /dev/null\n+++ a\n@@ new "x.j2" @@\n+y\n', "one of them is enough"),
        ("--- /dev/null\n+++ a\n@@ new @@\n x\n+y\n", "expected + lines only"),
        ("--- a\n@@ text @@\n+y\n--- a\n@@ text @@\n+z\n", "a second time"),
    ],
)
def test_refusals_name_the_line(diff: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parsed(diff)
    assert message in caught.value.message
    assert caught.value.message.startswith("t.patch.j2:")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("subject\n\nbody\n", "expected a line '---'"),
        ("---\n--- a\n@@ text @@\n+x\n", "expected a commit message"),
        ("subject\nbody\n---\n--- a\n@@ text @@\n+x\n", "expected an empty line"),
    ],
)
def test_message_refusals(text: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        parse(text, "t.patch.j2")

# SPDX-License-Identifier: GPL-2.0-only
"""Conflicts explain themselves: what, where, how far, and what comes nearest."""

from __future__ import annotations

from series_support import changes, conflict

from patchkit.errors import ConflictError

CODE = """\
#include <linux/mm.h>

static int fixup(struct mm_struct *mm, long grow)
{
	int ret;

	ret = check(mm, grow);
	if (ret)
		return ret;
	/* count it */
	mm->locked_vm += grow;
	if (grow > 5) {
		trace(mm);
		mm->total_vm += grow;
	}
	return 0;
}

static int fixup_all(struct mm_struct *mm)
{
	return 0;
}
"""


def test_the_first_word_that_differs() -> None:
    assert conflict(
        "@@ function fixup @@\n ret = check(mm, grow);\n ...\n-\tmm->locked_vm -= grow;\n", CODE
    ) == (
        "mm/a.c: @@ function fixup @@ (t.patch.j2:5): does not match\n"
        "  searched function fixup, mm/a.c:3-17\n"
        "  fits up to 'ret = check(mm, grow);' (t.patch.j2:6) at mm/a.c:7\n"
        "  looked for 'mm->locked_vm -= grow;' (t.patch.j2:8) after that\n"
        "  nearest:\n"
        "    mm/a.c:11: mm->locked_vm += grow;\n"
        "      expected '-=' (t.patch.j2:8), found '+=' at mm/a.c:11\n"
        "    mm/a.c:14: mm->total_vm += grow;\n"
        "      expected 'locked_vm' (t.patch.j2:8), found 'total_vm' at mm/a.c:14"
    )


def test_a_statement_in_another_block() -> None:
    message = conflict("@@ function fixup @@\n ret = check(mm, grow);\n ...\n-trace(mm);\n", CODE)
    assert "it is there, but in another block" in message and "mm/a.c:13: trace(mm);" in message


def test_what_is_only_before_the_part_that_fits() -> None:
    message = conflict("@@ function fixup @@\n return 0;\n ...\n-trace(mm);\n", CODE)
    assert "nearest (all before the part that fits):\n    mm/a.c:13: trace(mm);" in message


def test_nothing_like_it() -> None:
    message = conflict("@@ function fixup_all @@\n-wholly(different, words);\n", CODE)
    assert "nothing like it is there" in message


def test_a_word_that_was_renamed_in_front() -> None:
    message = conflict("@@ function fixup @@\n-vma->vm_mm->locked_vm += grow;\n", CODE)
    assert "mm/a.c:11: mm->locked_vm += grow;\n      expected 'vm_mm'" in message


def test_several_places() -> None:
    twice = CODE.replace("\treturn 0;\n}\n\n", "\tmm->locked_vm += grow;\n\treturn 0;\n}\n\n")
    assert conflict("@@ function fixup @@\n-\tmm->locked_vm += grow;\n+\tx;\n", twice) == (
        "mm/a.c: @@ function fixup @@ (t.patch.j2:5): matches more than once\n"
        "  the change at t.patch.j2:6 could go to mm/a.c:11: mm->locked_vm += grow;\n"
        "  the change at t.patch.j2:6 could go to mm/a.c:16: mm->locked_vm += grow;\n"
        "  more context lines, or 'if CONDITION' in the header, would tell them apart"
    )


def test_an_insertion_that_could_go_to_several_places() -> None:
    message = conflict("@@ function fixup @@\n += grow;\n+\tx;\n", CODE)
    assert "mm/a.c:11:" in message and "mm/a.c:14:" in message


def test_a_missing_entity_names_similar_ones_and_other_files() -> None:
    message = conflict(
        "@@ function fixup_al @@\n-x;\n", CODE, **{
            "mm/b.c": "int x;\nint fixup_al(void)\n{\n\treturn 0;\n}\n",
            "include/linux/mm.h": "int fixup_al(void);\n",
            "drivers/x.c": "int fixup_al(void)\n{\n}\n",
        }
    )  # fmt: skip
    assert message == (
        "mm/a.c: @@ function fixup_al @@ (t.patch.j2:5): found no function fixup_al in this file\n"
        "  here:\n"
        "    mm/a.c:19: function fixup_all\n"
        "    mm/a.c:3: function fixup\n"
        "  elsewhere:\n"
        "    mm/b.c:2: function fixup_al"
    )


def test_a_missing_entity_of_another_kind() -> None:
    message = conflict("@@ struct fixup @@\n-x;\n", CODE)
    assert "here:\n    mm/a.c:3: function fixup" in message


def test_a_renamed_entity_is_found_by_what_is_in_it() -> None:
    message = conflict("@@ function add_pages @@\n-\tmm->locked_vm += grow;\n", CODE)
    assert "the hunk would fit:\n    mm/a.c:3: function fixup" in message


def test_a_missing_file_names_similar_ones() -> None:
    try:
        changes("--- mm/mlok.c\n@@ text @@\n+x\n", {"mm/mlock.c": "", "kernel/mlok.c": "", "x": ""})
    except ConflictError as error:
        assert error.message.startswith("mm/mlok.c: no such file in memory (t.patch.j2:4)")
        assert "similar: mm/mlock.c" in error.message
    else:
        raise AssertionError


def test_a_file_that_should_be_new() -> None:
    try:
        changes("--- /dev/null\n+++ a\n+x\n", {"a": "x"})
    except ConflictError as error:
        assert "but this tree has such a file" in error.message
    else:
        raise AssertionError


def test_words_of_comments_and_ends_of_directives_are_spelt_out() -> None:
    message = conflict("@@ function fixup @@\n-\t/* count them */\n", CODE)
    assert "expected 'them' (t.patch.j2:6), found 'it' at mm/a.c:10" in message
    message = conflict("@@ file @@\n-#include <linux/mm.h> x\n", CODE)
    assert "expected 'x' (t.patch.j2:6), found the end of the line at mm/a.c:1" in message


def test_lines_of_text_are_shown_whole() -> None:
    message = conflict("@@ text @@\n-config MMU\n+config NOMMU\n", "config  MM\n\tbool\n")
    assert "looked for 'config MMU'" in message

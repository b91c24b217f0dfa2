# SPDX-License-Identifier: GPL-2.0-only
# ruff: noqa: E101  kernel C is indented with tabs, then blanks
"""Hunks on C: what they match, and what the file looks like afterwards."""

from __future__ import annotations

import pytest
from series_support import changes, conflict, edited

from patchkit.errors import TemplateError

F = """\
/**
 * f - do it
 * @a: what
 * @b: how
 *
 * Return: something.
 */
static int f(struct s *a,
	     int b)
{
	int ret = 0;
	long nr_pages;		/* in pages */

	/* how many there are */
	nr_pages = (b - a->start) >> PAGE_SHIFT;
	if (!b) {
		ret = -EINVAL;
		goto out;
	}
	a->locked_vm += nr_pages;

out:
	return ret;
}
"""


def test_layout_of_the_template_does_not_matter() -> None:
    diff = (
        "@@ function f @@\n nr_pages=(b\n   - a -> start)>>PAGE_SHIFT ;\n ...\n"
        "-a->locked_vm+=nr_pages;\n+account(a);\n"
    )
    assert edited(diff, F) == F.replace("\ta->locked_vm += nr_pages;\n", "\taccount(a);\n")


def test_comments_of_the_tree_are_passed_over() -> None:
    diff = (
        "@@ function f @@\n \tlong nr_pages;\n \n \tnr_pages = (b - a->start) >> PAGE_SHIFT;\n"
        "+\tg();\n"
    )
    assert "PAGE_SHIFT;\n\tg();\n\tif" in edited(diff, F)


def test_added_after_a_line_keeps_its_trailing_comment() -> None:
    assert "\t\t/* in pages */\n\tint x;\n\n\t/* how" in edited(
        "@@ function f @@\n \tlong nr_pages;\n+\tint x;\n", F
    )


def test_blank_context_lines_place_what_follows_them() -> None:
    assert "/* in pages */\n\n\tg();\n\t/* how" in edited(
        "@@ function f @@\n \tlong nr_pages;\n \n+\tg();\n", F
    )


def test_added_before_a_line_goes_above_its_comment() -> None:
    assert "\n\n\tg();\n\t/* how many there are */\n" in edited(
        "@@ function f @@\n+\tg();\n \tnr_pages = (b - a->start) >> PAGE_SHIFT;\n", F
    )


def test_blank_context_line_after_added_lines() -> None:
    assert "nr_pages;\n\tg();\n\nout:" in edited("@@ function f @@\n ...\n+\tg();\n \n out:\n", F)


def test_indentation_follows_the_tree() -> None:
    assert "\t\tret = -EINVAL;\n\t\tif (x)\n\t\t\tg();\n\t\tgoto out;" in edited(
        "@@ function f @@\n ret = -EINVAL;\n+if (x)\n+\tg();\n goto out;\n", F
    )


def test_labels_and_directives_stay_at_the_margin() -> None:
    result = edited(
        "@@ function f @@\n ret = -EINVAL;\n+#ifdef X\n+g();\n+again:\n+h();\n+#endif\n"
        " goto out;\n",
        F,
    )
    assert "EINVAL;\n#ifdef X\n\t\tg();\nagain:\n\t\th();\n#endif\n\t\tgoto" in result


def test_several_changes_in_one_hunk() -> None:
    result = edited(
        "@@ function f @@\n-\tint ret = 0;\n+\tint ret;\n ...\n-\ta->locked_vm += nr_pages;\n ...\n"
        "-\treturn ret;\n+\treturn g(ret);\n",
        F,
    )
    expected = F.replace("int ret = 0;", "int ret;").replace("return ret;", "return g(ret);")
    assert result == expected.replace("\ta->locked_vm += nr_pages;\n", "")


def test_a_part_of_a_line_is_replaced_in_place() -> None:
    assert edited("@@ function f @@\n \tint ret =\n-\t\t0\n+\t\t1\n ;\n", F) == F.replace(
        "ret = 0", "ret = 1"
    )


def test_a_parameter_is_added_in_either_layout() -> None:
    diff = "@@ function f @@\n static int f(struct s *a,\n-\t     int b)\n+\t     int b, int c)\n"
    assert edited(diff, F) == F.replace("int b)", "int b, int c)")
    flat = F.replace("*a,\n\t     int b)", "*a, int b)")
    assert edited(diff, flat) == flat.replace("int b)", "int b, int c)")
    between = "@@ function f @@\n f(struct s *a,\n+int c,\n int b)\n"
    assert edited(between, flat) == flat.replace("int b)", "int c, int b)")


def test_removal_takes_the_trailing_comment_and_one_of_two_blank_lines() -> None:
    assert "0;\n\n\t/* how" in edited("@@ function f @@\n-\tlong nr_pages;\n", F)
    assert ";\n\t}\n\nout:" in edited("@@ function f @@\n-\ta->locked_vm += nr_pages;\n", F)
    body = "void g(void)\n{\n\ta();\n\n\tb();\n\n\tc();\n}\n"
    assert edited("@@ function g @@\n-\tb();\n", body) == "void g(void)\n{\n\ta();\n\n\tc();\n}\n"
    assert edited("@@ function g @@\n-\ta();\n", body) == "void g(void)\n{\n\tb();\n\n\tc();\n}\n"
    assert edited("@@ function g @@\n-\tc();\n", body) == "void g(void)\n{\n\ta();\n\n\tb();\n}\n"


def test_removed_blank_lines() -> None:
    body = "void g(void)\n{\n\ta();\n\n\tb();\n}\n"
    assert edited("@@ function g @@\n \ta();\n-\n \tb();\n", body) == (
        "void g(void)\n{\n\ta();\n\tb();\n}\n"
    )
    assert edited("@@ function g @@\n-\ta();\n-\n+\tc();\n", body) == (
        "void g(void)\n{\n\tc();\n\tb();\n}\n"
    )


def test_removed_skip_takes_everything_between() -> None:
    assert edited("@@ function f @@\n if (!b) {\n-...\n+\treturn 1;\n }\n", F) == F.replace(
        "\t\tret = -EINVAL;\n\t\tgoto out;\n", "\t\treturn 1;\n"
    )


def test_comment_in_a_template_must_be_there() -> None:
    diff = "@@ function f @@\n-\t/* how many there are */\n \tnr_pages =\n ...\n"
    assert edited(diff, F) == F.replace("\t/* how many there are */\n", "")
    assert "'many'" in conflict(diff.replace("how many", "how few"), F)


def test_whole_lines_of_a_comment_can_be_replaced() -> None:
    diff = "@@ function f @@\n /**\n ...\n- * @b: how\n+ * @b: why\n+ *     not\n ...\n  */\n"
    assert edited(diff, F) == F.replace(" * @b: how\n", " * @b: why\n *     not\n")
    removed = diff.replace("+ * @b: why\n+ *     not\n", "")
    assert edited(removed, F) == F.replace(" * @b: how\n", "")


def test_words_of_a_comment_can_be_edited() -> None:
    diff = "@@ function f @@\n /**\n  ...\n  * @b: how\n+ * @c: why\n  ...\n  */\n"
    assert edited(diff, F) == F.replace(" * @b: how\n", " * @b: how\n * @c: why\n")


def test_a_skip_inside_a_line() -> None:
    diff = "@@ function f @@\n-\tnr_pages = (...) >> PAGE_SHIFT;\n+\tnr_pages = 1;\n"
    assert edited(diff, F) == F.replace("(b - a->start) >> PAGE_SHIFT", "1")


def test_macro_is_edited_in_part() -> None:
    text = "#define MASK \\\n\t(A | \\\n\t B)\n#define OTHER 1\n"
    diff = "@@ macro MASK @@\n #define MASK (A | \\\n-\t B)\n+\t B | C)\n"
    assert edited(diff, text) == text.replace(" B)", " B | C)")
    assert edited("@@ macro OTHER @@\n-#define OTHER 1\n+#define OTHER 2\n", text) == text.replace(
        "OTHER 1", "OTHER 2"
    )
    assert "expected the end of the line" in conflict(
        "@@ macro OTHER @@\n-#define OTHER\n+#define OTHER 2\n", text
    )


def test_insertion_in_a_struct_under_directives() -> None:
    text = "struct s {\n\tint a;\n#ifdef X\n\tint b;\n#endif\n};\n"
    assert edited("@@ struct s @@\n #ifdef X\n ...\n #endif\n+\tint c;\n };\n", text) == (
        text.replace("#endif\n", "#endif\n\tint c;\n")
    )


def test_branches_of_a_condition_start_from_the_same_nesting() -> None:
    text = (
        "int g(void)\n{\n#ifdef X\n\tif (a) {\n#else\n\tif (b) {\n#endif\n"
        "\t\tc();\n\t}\n\td();\n}\n"
    )
    assert edited("@@ function g @@\n {\n ...\n+e();\n d();\n", text) == text.replace(
        "\td();", "\te();\n\td();"
    )


TWO = """\
#ifdef CONFIG_MMU
int g(int a)
{
	return a;
}
#else
int g(int a)
{
	return 0;
}
#endif
"""


def test_condition_picks_a_branch() -> None:
    diff = "@@ function g{} @@\n int g(int a)\n {{\n+\th();\n"
    assert "matches more than once" in conflict(diff.format(""), TWO)
    first = edited(diff.format(" if CONFIG_MMU"), TWO)
    assert first == TWO.replace("{\n\treturn a", "{\n\th();\n\treturn a")
    second = edited(diff.format(" if !CONFIG_MMU"), TWO)
    assert second == TWO.replace("{\n\treturn 0", "{\n\th();\n\treturn 0")
    assert "under CONFIG_NUMA" in conflict(diff.format(" if CONFIG_NUMA"), TWO)


def test_context_picks_a_branch() -> None:
    assert edited("@@ function g @@\n-return a;\n+return 1;\n", TWO) == TWO.replace(
        "return a", "return 1"
    )


def test_whole_file_as_tokens() -> None:
    text = "int a;\nMODULE(x);\nint b;\n"
    assert edited("@@ file @@\n MODULE(x);\n+MODULE(y);\n", text) == text.replace(
        "(x);\n", "(x);\nMODULE(y);\n"
    )


def test_bytes_that_are_no_utf8_crlf_and_a_missing_newline_are_kept() -> None:
    text = b"/* \xe9\xff */\r\nint g(void)\r\n{\r\n\ta();\r\n\tb();\r\n}"
    result = edited("@@ function g @@\n a();\n+c();\n+d();\n-b();\n", text)
    assert result == "/* \xe9\xff */\r\nint g(void)\r\n{\r\n\ta();\r\n\tc();\r\n\td();\r\n}"


def test_changes_that_would_overlap_are_refused() -> None:
    with pytest.raises(TemplateError, match="overlap"):
        edited("@@ function f @@\n-int ret = 0;\n+x\n@@ function f @@\n-int ret = 0;\n+y\n", F)


@pytest.mark.parametrize(
    ("diff", "message"),
    [
        ("@@ function f @@\n+x;\n", "nothing to match"),
        ("@@ function f @@\n ...\n+x;\n ...\n", "nothing to match"),
        ("@@ function f @@\n int ret;\n ...\n+x;\n ...\n return ret;\n", "between two '...'"),
        ("@@ function f @@\n int ret;\n-...\n", "on both sides"),
    ],
)
def test_changes_without_a_hold_are_refused(diff: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        edited(diff, F)


def test_all_conflicts_of_a_patch_are_told() -> None:
    message = conflict("@@ function f @@\n-a;\n@@ function h @@\n-b;\n", F)
    assert "'a;'" in message and "function h" in message


def test_new_and_deleted_files() -> None:
    made = changes(
        '--- /dev/null\n+++ b.sh\n@@ new 100755 "b.j2" @@\n--- a\n+++ /dev/null\n',
        {"a": "x"}, {"b.j2": b"#!\n"},
    )  # fmt: skip
    assert [(change.path, change.old, change.new, change.mode) for change in made] == [
        ("b.sh", None, b"#!\n", 0o100755), ("a", b"x", None, 0o100644),
    ]  # fmt: skip

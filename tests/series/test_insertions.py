# SPDX-License-Identifier: GPL-2.0-only
"""Includes, text outside entities, tables and plain text."""

from __future__ import annotations

import pytest
from series_support import conflict, edited

from patchkit.errors import TemplateError

HEADERS = """\
// SPDX-License-Identifier: GPL-2.0
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/swap.h>

#ifdef CONFIG_X
#include <linux/extra.h>
#endif

#include <asm/page.h>

#include "internal.h"

int x;
"""


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("<linux/mman.h>", "<linux/mm.h>"),
        ("<linux/zswap.h>", "<linux/swap.h>"),
        ("<asm/tlb.h>", "<asm/page.h>"),
        ("<uapi/x.h>", "<asm/page.h>"),
        ('"vma.h"', '"internal.h"'),
        ("<linux/extra.h>", "<linux/capability.h>"),
    ],
)
def test_sorted_place_among_its_like(name: str, after: str) -> None:
    line = f"#include {after}\n"
    assert edited(f"@@ include @@\n+#include {name}\n", HEADERS) == HEADERS.replace(
        line, f"{line}#include {name}\n", 1
    )


def test_first_of_its_like() -> None:
    assert edited("@@ include @@\n+#include <linux/acct.h>\n", HEADERS) == HEADERS.replace(
        "#include <linux/cap", "#include <linux/acct.h>\n#include <linux/cap"
    )


def test_include_that_is_there_is_left_alone() -> None:
    assert edited("@@ include @@\n+#include <linux/mm.h>\n", HEADERS) == HEADERS


def test_unsorted_includes_get_a_new_one_where_it_fits_or_last() -> None:
    text = "#include <linux/swap.h>\n#include <linux/gfp.h>\n#include <linux/mm.h>\nint x;\n"
    assert edited("@@ include @@\n+#include <linux/init.h>\n", text) == text.replace(
        "<linux/gfp.h>\n", "<linux/gfp.h>\n#include <linux/init.h>\n"
    )
    assert edited("@@ include @@\n+#include <linux/acct.h>\n", text) == text.replace(
        "int x", "#include <linux/acct.h>\nint x"
    )


def test_include_after_a_context_line_and_removal() -> None:
    assert edited(
        "@@ include @@\n #include <linux/swap.h>\n+#include <linux/a.h>\n-#include <asm/page.h>\n",
        HEADERS,
    ) == HEADERS.replace("swap.h>\n", "swap.h>\n#include <linux/a.h>\n").replace(
        "#include <asm/page.h>\n", ""
    )
    message = conflict("@@ include @@\n-#include <linux/no.h>\n", HEADERS)
    assert "found no such include" in message and "mm/a.c:3: #include <linux/mm.h>" in message


def test_first_include_of_a_header_goes_below_its_guard() -> None:
    text = "/* SPDX */\n#ifndef _A_H\n#define _A_H\n\nstruct s;\n#endif\n"
    assert edited("@@ include @@\n+#include <linux/mm.h>\n", text) == text.replace(
        "_A_H\n\n", "_A_H\n\n#include <linux/mm.h>\n\n"
    )


def test_what_is_no_include_is_refused() -> None:
    with pytest.raises(TemplateError, match="expected #include"):
        edited("@@ include @@\n+int x;\n", HEADERS)


CODE = """\
#define A 1
#define B 2

int p(int a);

/* about f */
int f(int a)
{
	return a;
}
EXPORT_SYMBOL_GPL(f);

struct s {
	int a;
} __packed;	/* tail */
#endif
"""


def test_after_a_function_goes_below_its_export() -> None:
    assert edited("@@ after function f @@\n+\n+int g(void)\n+{\n+}\n+\n", CODE) == CODE.replace(
        "GPL(f);\n", "GPL(f);\n\nint g(void)\n{\n}\n"
    )


def test_before_a_function_goes_above_its_comment() -> None:
    assert edited("@@ before function f @@\n+int g(void)\n+{\n+}\n", CODE) == CODE.replace(
        "/* about", "int g(void)\n{\n}\n\n/* about"
    )


def test_after_a_struct_keeps_its_attribute_and_comment() -> None:
    assert edited("@@ after struct s @@\n+struct t {\n+\tint b;\n+};\n", CODE) == CODE.replace(
        "/* tail */\n", "/* tail */\n\nstruct t {\n\tint b;\n};\n"
    )


def test_single_lines_stand_together() -> None:
    assert edited("@@ after macro A @@\n+#define C 3\n", CODE) == CODE.replace(
        "A 1\n", "A 1\n#define C 3\n"
    )
    assert edited("@@ before declaration p @@\n+int q(int a);\n", CODE) == CODE.replace(
        "int p", "int q(int a);\nint p"
    )


def test_after_the_last_line_without_newline() -> None:
    diff = "@@ after macro B @@\n+#define C 3\n"
    assert edited(diff, "#define B 2") == "#define B 2\n#define C 3"


def test_several_entities_of_a_name() -> None:
    text = "#ifdef X\nint f(int);\n#else\nint f(long);\n#endif\n"
    message = conflict("@@ after declaration f @@\n+int g(int);\n", text)
    assert "mm/a.c:2: declaration f under X" in message and "under !X" in message
    assert edited("@@ after declaration f if !X @@\n+int g(int);\n", text) == text.replace(
        "(long);\n", "(long);\nint g(int);\n"
    )


TABLE = "# comment\n1\tcommon\tread\t\tsys_read\n2\t64\twrite\t\tsys_write\n\n# x32\n512\tx32\ta\n"


def test_table_lines_match_with_white_space_squeezed() -> None:
    assert edited("@@ table @@\n 2 64 write sys_write\n+500\tcommon\tmpin\n", TABLE) == (
        TABLE.replace("sys_write\n", "sys_write\n500\tcommon\tmpin\n")
    )
    assert edited("@@ table @@\n-2 64 write sys_write\n+2\t64\tw\n ...\n", TABLE) == TABLE.replace(
        "2\t64\twrite\t\tsys_write", "2\t64\tw"
    )
    assert edited("@@ text @@\n ...\n+500\n \n # x32\n", TABLE) == TABLE.replace(
        "sys_write\n\n", "sys_write\n500\n\n"
    )


def test_part_of_a_line_can_be_left_open() -> None:
    text = "obj-y := filemap.o mempool.o \\\n\t oom_kill.o\n"
    assert edited("@@ table @@\n obj-y := ... mempool.o ...\n+\t x.o \\\n", text) == (
        "obj-y := filemap.o mempool.o \\\n\t x.o \\\n\t oom_kill.o\n"
    )


def test_lines_at_the_end_and_at_the_beginning() -> None:
    assert edited("@@ text @@\n+z\n", "a\n") == "a\nz\n"
    assert edited("@@ text @@\n+z\n", "a") == "a\nz\n"
    assert edited("@@ text @@\n+z\n ...\n", "a\n") == "z\na\n"
    assert edited("@@ text @@\n+z\n", "") == "z\n"


def test_a_table_line_that_is_there_twice_is_a_conflict() -> None:
    assert "matches more than once" in conflict("@@ text @@\n x\n+y\n", "x\nx\n")

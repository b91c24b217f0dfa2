# SPDX-License-Identifier: GPL-2.0-only
"""The fast scan of top-level entities says what the token scan says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lint_trees import BY_TREE

from patchkit.lint.skeleton import Skeleton, skeleton
from patchkit.tree.csource import CSource

LAYOUTS = {
    "plain": "int x;\n\nstatic int f(int a)\n{\n\treturn a;\n}\n\nstruct s {\n\tint a;\n};\n",
    "one line": "static inline int f(void) { return 0; }\nint g(void)\n{ return 1; }\n",
    "brace at the end": "void f(void) {\n\tif (a) {\n\t\tb();\n\t}\n}\nvoid g(void)\n{\n}\n",
    "strings": 'char *x = "}{;";\nvoid f(void)\n{\n\tputs("\\"}");\n}\n// }\n/* { */\nint y;\n',
    "macro with a brace in the first column":
        "void f(void)\n{\n#define A do { \\\n\tx(); \\\n} while (0)\n\tA;\n}\nvoid g(void)\n{\n}\n",
    "heads by configuration":
        "#ifdef A\nint f(int a)\n#else\nint f(int a, int b)\n#endif\n{\n}\nint g(void)\n{\n}\n",
    "nested": "#if A\n# ifndef B\nint f(void)\n{\n}\n# endif\n#else\nint f(void)\n{\n}\n#endif\n",
    "guard": "#ifndef H\n#define H\nint f(void)\n{\n}\n#endif\n",
    "no guard": "#include <x.h>\n#ifndef H\n#define H 1\nint f(void)\n{\n}\n#endif\n",
    "system calls": "SYSCALL_DEFINE2(a, int, b, int, c)\n{\n}\nCOMPAT_SYSCALL_DEFINE0(d)\n{\n}\n",
    "macro without a semicolon": "DEFINE_X(a,\n\tb)\n\nstatic int f(void)\n{\n}\nEXPORT(f);\n",
    "attributes": "int __printf(1, 2) f(const char *s, ...)\n{\n}\nvoid __init g(void)\n{\n}\n",
    "returns a function": "void (*f(int a))(int)\n{\n}\n",
    "initialisers":
        "struct a x = {\n\t.f = { 1 },\n};\nstatic DEFINE_Y(z) = {\n};\nint f(void)\n{\n}\n",
    "misplaced brace": "void f(void)\n{\n\tx();\n }\n\nvoid g(void)\n{\n}\n",
    "parameters by configuration":
        "int f(int a,\n#ifdef B\n\tint b,\n#endif\n\tint c);\nint g(void)\n{\n}\n",
    "comment in the head": "static /* { */ int f(int a) /* x */\n{\n}\n",
    "windows": "int f(void)\r\n{\r\n\treturn 1;\r\n}\r\nint g(void)\r\n{\r\n}\r\n",
}  # fmt: skip


def functions(found: Skeleton) -> set[object]:
    return set(found.functions)


@pytest.mark.parametrize("name", LAYOUTS)
def test_same_as_the_token_scan(name: str) -> None:
    data = LAYOUTS[name].encode()
    wanted = {e for e in CSource(data).entities() if e.kind in ("function", "syscall")}
    assert functions(skeleton(data)) == wanted
    assert wanted


def test_function_at() -> None:
    data = b"int x;\nint f(void)\n{\n}\nint y;\n"
    found = skeleton(data)
    assert found.function_at(data.index(b"{")) == found.functions[0]
    assert found.function_at(0) is None
    assert found.function_at(len(data) - 2) is None


def test_aggregates_and_others() -> None:
    found = skeleton(b"struct a {\n\tint b;\n} c;\nenum { D };\nint e;\ntypedef int t;\n")
    assert [each.name for each in found.aggregates] == ["a", ""]
    assert len(found.others) == 2


PIECES = [
    "{", "}", ";", "\n", "#if A\n", "#else\n", "#endif\n", "int f(void)", "=", "struct x", "/*",
    "*/", '"', "'", "enum", "(", ")",
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES)))
def test_anything(pieces: list[str]) -> None:
    skeleton("".join(pieces).encode())


@pytest.mark.real
@pytest.mark.parametrize("version", BY_TREE)
def test_real_files(version: str, real_tree: object) -> None:
    tree = real_tree(version)  # type: ignore[operator]
    for path in ("mm/mmap.c", "kernel/fork.c", "kernel/events/core.c", "include/linux/mm.h",
                 "fs/proc/task_mmu.c", "net/core/skbuff.c", "mm/util.c"):  # fmt: skip
        data = tree.read(path)
        wanted = {e for e in CSource(data).entities() if e.kind in ("function", "syscall")}
        assert functions(skeleton(data)) == wanted, path

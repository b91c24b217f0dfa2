# SPDX-License-Identifier: GPL-2.0-only
"""Entities of C files: found under every #if, with true extents, never merged by macros."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from real_versions import REAL_VERSIONS
from test_tokens import HOSTILE

from patchkit.tree.conditions import negated, readable
from patchkit.tree.csource import CSource, Extent, parse, walk
from patchkit.tree.source import GitTree


def found(text: str) -> list[tuple[str, str, str]]:
    """Return (kind, name, text of the whole extent with white space squeezed)."""
    data = text.encode()
    return [
        (extent.kind, extent.name, " ".join(data[extent.start : extent.end].decode().split()))
        for extent in CSource(data).entities()
    ]


def names(text: str) -> list[str]:
    return [f"{kind} {name}" for kind, name, _ in found(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("static inline int f(int a)\n{\n\treturn a;\n}\n", "function f"),
        ("static int __init\nf(void)\n{ }\n", "function f"),
        ("__printf(1, 2)\nint f(const char *s, ...)\n{ }\n", "function f"),
        ("int f(void)\n\t__acquires(&x) __must_hold(y)\n{ }\n", "function f"),
        ("struct page *f(struct mm *mm) __unknown(mm)\n{ }\n", "function f"),
        ("void (*f(int n))(void)\n{ }\n", "function f"),
        ("typeof(x) f(int n)\n{ }\n", "function f"),
        ("SYSCALL_DEFINE2(mlock, unsigned long, start, size_t, len)\n{ }\n", "syscall mlock"),
        ("SYSCALL_DEFINE0(munlockall)\n{ }\n", "syscall munlockall"),
        ("COMPAT_SYSCALL_DEFINE1(mbind, int, a)\n{ }\n", "syscall mbind"),
        ("BPF_CALL_2(f, int, a, int, b)\n{ }\n", "function f"),
        ("struct s {\n\tint a;\n};\n", "struct s"),
        ("struct s {\n\tint a;\n} __randomize_layout;\n", "struct s"),
        ("struct __packed s {\n\tint a;\n};\n", "struct s"),
        ("union u { int a; };\n", "union u"),
        ("enum e { A, B };\n", "enum e"),
        ("enum {\n\tDECLARE_VMA_BIT(READ, 0),\n};\n", "enum DECLARE_VMA_BIT"),
        ("#define X(a) \\\n\t(a)\n", "macro X"),
        ("# define VM_X\t0x1\n", "macro VM_X"),
        ("const int table[] = { 1, 2 };\n", "variable table"),
        ("static int (*hook)(int) = NULL;\n", "variable hook"),
        ("int sysctl_x __read_mostly = 5;\n", "variable sysctl_x"),
        ("unsigned long x;\n", "variable x"),
        ("static DEFINE_MUTEX(lock);\n", "variable lock"),
        ("DEFINE_PER_CPU(struct s, x) = { 0 };\n", "variable x"),
        ("extern int x;\n", "declaration x"),
        ("int f(int a, void (*g)(int));\n", "declaration f"),
        ("extern long f(void) __must_check;\n", "declaration f"),
        ("struct s;\n", "declaration s"),
        ("typedef unsigned long vm_flags_t;\n", "typedef vm_flags_t"),
        ("typedef int (*fn_t)(int);\n", "typedef fn_t"),
        ("typedef struct { int a; } t;\n", "typedef t"),
        ("EXPORT_SYMBOL_GPL(f);\n", "invocation EXPORT_SYMBOL_GPL(f)"),
        ("module_init(f)\n", "invocation module_init(f)"),
    ],
)
def test_each_kind(text: str, expected: str) -> None:
    squeezed = " ".join(text.split())
    kind, name = expected.split(" ", 1)
    assert (kind, name, squeezed) in found(text)
    between = "int before;\n" + text + "int after(void)\n{\n}\n"
    assert (kind, name, squeezed) in found(between)
    assert ("function", "after", "int after(void) { }") in found(between)


def test_a_struct_in_a_typedef_or_variable_counts_too() -> None:
    assert names("static struct s { int a; } x = { 1 };\n") == ["struct s", "variable x"]
    assert names("int a = 1, b[2], *c;\n") == ["variable a", "variable b", "variable c"]


@pytest.mark.parametrize(
    "macro",
    ["EXPORT_SYMBOL(f)", "EXPORT_SYMBOL(f);", "MODULE_LICENSE(\"GPL\")", "LSM_DIR_OPS(smack)",
     "module_init(f)", "DEFINE_SHOW_ATTRIBUTE(x)", "BTF_ID(func, a) BTF_ID(func, b)",
     "INTERVAL_TREE_DEFINE(struct s, n, unsigned long, a,\n\tb, c, static, d)",
     "DEFINE_FREE(x, void *, if (_T) kfree(_T))"],
)  # fmt: skip
def test_macros_at_file_scope_do_not_merge_with_the_next_function(macro: str) -> None:
    text = f"int f(void)\n{{\n}}\n{macro}\nstatic int g(void)\n{{\n}}\n"
    assert ("function", "f", "int f(void) { }") in found(text)
    assert ("function", "g", "static int g(void) { }") in found(text)


def test_both_branches_are_found_with_their_conditions() -> None:
    source = CSource(
        b"#ifndef _X_H\n#define _X_H\n"
        b"#ifdef CONFIG_MMU\nint f(void)\n{\n}\n#else /* nommu */\nint f(void)\n{\n}\n#endif\n"
        b"#if defined(CONFIG_A) && !defined CONFIG_B\nint g(void)\n{\n}\n"
        b"#elif IS_ENABLED(CONFIG_C)\nint g(void)\n{\n}\n#else\nint g(void)\n{\n}\n#endif\n"
        b"#if 0\nint h(void)\n{\n}\n#endif\nint i;\n#endif\n"
    )
    assert [extent.conditions for extent in source.find("function", "f")] == [
        ("CONFIG_MMU",), ("!CONFIG_MMU",)
    ]  # fmt: skip
    assert [extent.conditions for extent in source.find("function", "g")] == [
        ("CONFIG_A && !CONFIG_B",),
        ("!(CONFIG_A && !CONFIG_B) && IS_ENABLED(CONFIG_C)",),
        ("!(CONFIG_A && !CONFIG_B) && !IS_ENABLED(CONFIG_C)",),
    ]
    assert [extent.conditions for extent in source.find("function", "h")] == [("0",)]
    assert [extent.conditions for extent in source.find("variable", "i")] == [()]
    assert [extent.line for extent in source.find("function", "f")] == [4, 8]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [("defined(A)", "A"), ("defined A", "A"), ("!defined(A)", "!A"), ("! defined ( A )", "!A"),
     ("(defined(A)  &&  defined(B))", "A && B"), ("(A)", "A"), ("IS_ENABLED(A)", "IS_ENABLED(A)"),
     ("VERSION(1, 2) > (X)", "VERSION(1, 2) > X"), ("(A) || (B)", "A || B")],
)  # fmt: skip
def test_conditions_read_well(expression: str, expected: str) -> None:
    assert readable(expression) == expected


def test_negation_is_undone_and_not_doubled() -> None:
    assert negated("A") == "!A"
    assert negated("!A") == "A"
    assert negated("IS_ENABLED(A)") == "!IS_ENABLED(A)"
    assert negated("A && B") == "!(A && B)"


def test_heads_that_differ_by_configuration_are_one_function() -> None:
    text = (
        "#ifdef A\nSYSCALL_DEFINE1(clone, int, a)\n#else\nSYSCALL_DEFINE2(clone, int, a, int, b)\n"
        "#endif\n{\n\treturn 0;\n}\nint next(void)\n{\n}\n"
    )
    only = [item for item in found(text) if item[0] == "syscall"]
    assert len(only) == 1 and only[0][1] == "clone"
    assert only[0][2].startswith("#ifdef A SYSCALL_DEFINE1") and only[0][2].endswith("return 0; }")
    assert ("function", "next", "int next(void) { }") in found(text)


def test_heads_that_open_in_each_branch_are_all_found() -> None:
    text = "#ifdef A\nint f(int a)\n{\n#else\nint f(long a)\n{\n#endif\n\treturn a;\n}\nint g;\n"
    source = CSource(text.encode())
    assert [extent.conditions for extent in source.find("function", "f")] == [("A",), ("!A",)]
    assert source.find("variable", "g")


@pytest.mark.parametrize(
    "body",
    [
        "#ifdef A\n\tif (a) {\n#else\n\tif (b) {\n#endif\n\t\tx();\n\t}\n",
        "#ifdef A\n\tif (a) {\n#endif\n\tx();\n#ifdef A\n\t}\n#endif\n",
        "\tif (a) {\n\t\tx();\n#ifdef A\n\t} else {\n\t\ty();\n#endif\n\t}\n",
        "\tx = (struct s) { .a = '}', .b = \"}\" }; /* } */ // }\n",
        "\ty = ({ int z = 1; z; });\n\tfor (;;) { if (x) { break; } }\n",
        "#if 0\n\tif (a) {\n#endif\n",
    ],
)
def test_braces_in_bodies_do_not_move_the_end(body: str) -> None:
    text = f"int f(void)\n{{\n{body}}}\nint g(void)\n{{\n}}\n"
    data = text.encode()
    (f,) = CSource(data).find("function", "f")
    assert data[f.start : f.end].decode() == f"int f(void)\n{{\n{body}}}"
    assert CSource(data).find("function", "g")


def test_crlf_latin_1_form_feed_and_no_final_newline() -> None:
    data = b"\f/* caf\xe9 */\r\nint f(void)\r\n{\r\n\treturn '\xe9';\r\n}\r\n#define X 1"
    source = CSource(data)
    (f,) = source.find("function", "f")
    assert f.line == 2 and data[f.start : f.end].endswith(b"}")
    assert source.find("macro", "X")
    assert source.line_of(len(data)) == 6
    assert [source.line_of(offset) for offset in (0, data.index(b"\n"), f.start)] == [1, 1, 2]
    assert data[source.line_start(4) :].startswith(b"\treturn")


def test_enclosing_is_the_innermost() -> None:
    data = b"int f(void)\n{\n#define INNER 1\n\treturn INNER;\n}\nint g;\n"
    source = CSource(data)
    assert [source.enclosing(data.index(word)).name for word in (b"define", b"return")] == [  # type: ignore[union-attr]
        "INNER", "f"
    ]  # fmt: skip
    assert source.enclosing(len(data)) is None


@given(HOSTILE)
def test_any_bytes_can_be_looked_at(data: bytes) -> None:
    source = CSource(data)
    assert len(source.blanked) == len(data)
    assert source.blanked.count(b"\n") == data.count(b"\n")
    for extent in source.entities():
        assert 0 <= extent.start < extent.end <= len(data)
        assert source.line_of(extent.start) == extent.line
        source.tainted(extent)


@pytest.mark.parametrize(
    "piece",
    [b"{", b"}", b"(", b"({", b"#if A\n", b"#else\n", b"f(a){", b"f(", b"struct {", b"if ("],
)
def test_deep_nesting_needs_no_recursion(piece: bytes) -> None:
    source = CSource(b"int f(void)\n{\n" + piece * 50_000)
    assert len(source.blanked) == len(source.data)
    source.entities()


def test_the_same_bytes_are_parsed_once() -> None:
    assert parse(b"int a;") is parse(bytes(bytearray(b"int a;")))


KERNEL_SHAPES = b"""
static inline __must_check int a(struct page __user *page, vm_flags_t flags)
\t__acquires(&lock)
{
\tstruct vm_area_struct *vma __maybe_unused;
\tunsigned long n = min_t(unsigned long, a, b), *p = container_of(x, struct s, m);
\tDECLARE_BITMAP(map, 32) = { 0 };
\ttypeof(n) m = max_t(struct s *, p, q);
\tchar *s __free(kfree) = kmalloc(1, GFP_KERNEL);
\tstatic DEFINE_RATELIMIT_STATE(rs, 1, 2);
\tfor_each_vma(vmi, vma) {
\t\tif (vma)
\t\t\tcontinue;
\t}
\tlist_for_each_entry(x, &head, lru)
\t\tuse(x);
\tscoped_guard(mutex, &lock)
\t\tuse(n);
\tscoped_cond_guard(mutex_intr, return -EINTR, &lock) {
\t\tuse(n);
\t}
\tguard(rcu)();
\tswitch (n) {
\tcase 0 ... 5:
\t\tbreak;
\t}
#ifdef CONFIG_A
\tif (n)
#endif
\t\tuse(n);
\tpr_info(KERN_INFO PREFIX "x" "y\\n", n);
\treturn 0;
}
EXPORT_SYMBOL_GPL(a)

SYSCALL_DEFINE2(mlock, unsigned long, start, size_t, len)
{
\treturn do_mlock(start, len);
}
SYSCALL_DEFINE0(munlockall)
{
\treturn 0;
}

struct mm_struct {
\tstruct_group(counters,
\t\tunsigned long locked_vm;
\t\tatomic64_t pinned_vm;
\t);
\tDECLARE_BITMAP(bits, 64);
\tKABI_RESERVE(1)
\tint last;
} __randomize_layout;

enum {
\tDECLARE_VMA_BIT(READ, 0),
#ifdef CONFIG_A
\tDECLARE_VMA_BIT(WRITE, 1),	/* with a comment */
#endif
};

static const char *names[] = {
#ifdef CONFIG_A
\t[ilog2(VM_READ)] = "rd",
#endif
};
static DEFINE_PER_CPU(struct s, cache) = { 1 };
"""


def test_kernel_macros_leave_no_error_behind() -> None:
    source = CSource(KERNEL_SHAPES)
    assert not source.root.has_error, source.blanked.decode()
    assert [extent.name for extent in source.entities() if source.tainted(extent)] == []
    functions = {
        (node.start_byte, node.end_byte)
        for node in walk(source.root)
        if node.type == "function_definition"
    }
    assert functions == {
        (extent.start, extent.end)
        for extent in source.entities()
        if extent.kind in ("function", "syscall")
    }


def test_parameter_types_and_code_survive_blanking() -> None:
    blanked = CSource(KERNEL_SHAPES).blanked
    for kept in (
        b"vm_flags_t flags",
        b"unsigned long  start",
        b"return do_mlock(start, len);",
        b"unsigned long locked_vm;",
        b"atomic64_t pinned_vm;",
        b"use(x);",
        b"use(n);",
    ):
        assert kept in blanked, kept  # fmt: skip


def test_an_error_taints_its_function_and_no_other() -> None:
    source = CSource(b"int f(void)\n{\n\tx = ) + ;\n}\n\nint g(void)\n{\n\treturn 1;\n}\n")
    (f,), (g,) = source.find("function", "f"), source.find("function", "g")
    assert source.tainted(f)
    assert not source.tainted(g)


def test_a_body_that_grammar_and_scan_see_differently_is_tainted() -> None:
    data = b"int f(void)\n{\n#ifdef A\n\tif (a) {\n#else\n\tif (b) {\n#endif\n\t}\n}\nint g;\n"
    source = CSource(data)
    (f,) = source.find("function", "f")
    assert source.tainted(f)
    outside = Extent("function", "f", 0, len(data), 1, (12, len(data)), ())
    assert source.tainted(outside)


@pytest.mark.real
@pytest.mark.parametrize("version", REAL_VERSIONS)
def test_scan_and_grammar_agree_on_mm(real_tree: Callable[[str], GitTree], version: str) -> None:
    """Every function body in mm/ has the same extent for both; nothing there is tainted."""
    tree = real_tree(version)
    functions = 0
    tainted: list[str] = []
    for path in tree.list("mm"):
        if not path.endswith(".c"):
            continue
        source = CSource(tree.read(path) or b"")
        for extent in source.entities():
            if extent.kind in ("function", "syscall"):
                functions += 1
                if source.tainted(extent):
                    tainted.append(f"{path}:{extent.line} {extent.name}")
    assert functions > 4000
    assert len(tainted) <= functions // 1000, tainted

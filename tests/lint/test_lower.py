# SPDX-License-Identifier: GPL-2.0-only
"""C functions as graphs: small snippets, their printed form written by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lint_lowering import body, check, functions

from patchkit.lint import ir
from patchkit.lint.lower import expression_of
from patchkit.lint.pretty import pretty, render

# Heads


@pytest.mark.parametrize(
    ("head", "printed"),
    [
        ("int f(void)", "f(): int"),
        ("static struct page **f(struct mm_struct *mm, unsigned long int n)",
         "static f(mm: struct mm_struct *, n: unsigned long): struct page **"),
        ("void f(const char __user *p, int a[2], void (*g)(int))",
         "f(p: char *, a: int *, g: void (*)()): void"),
        ("SYSCALL_DEFINE2(mlock, unsigned long, start, size_t, len)",
         "sys_mlock(start: unsigned long, len: size_t): long"),
        ("COMPAT_SYSCALL_DEFINE1(x, compat_ulong_t, a)", "compat_sys_x(a: compat_ulong_t): long"),
        ("SYSCALL_DEFINE0(munlockall)", "sys_munlockall(): long"),
        ("static __always_inline bool\nf(unsigned a, ...)", "static f(a: unsigned int): bool"),
    ],
)  # fmt: skip
def test_head(head: str, printed: str) -> None:
    assert pretty(functions(f"{head}\n{{\n}}\n")[0]).split("\n")[0] == printed


def test_conditions_and_place() -> None:
    found = functions("int x;\n#ifdef CONFIG_A\nint f(void)\n{\n\treturn\n\t\tx;\n}\n#endif\n")[0]
    assert found.conditions == ("CONFIG_A",)
    assert found.span.line == 3
    end = found.blocks[0].terminator
    assert isinstance(end, ir.Return)
    assert end.span.line == 2
    assert found.line(end.span) == 5
    place = found.place(end.span)
    assert (place.start, place.line) == (found.span.start + end.span.start, 5)


# Expressions


def test_effects_are_in_order() -> None:
    check(
        "*p++ = a[i++] + g(h(--n));",
        """
        0:
          $1 = i
          i = i + 1
          n = n - 1
          $2 = call h(n)
          $3 = call g($2)
          $4 = p
          p = p + 1
          *$4 = a[$1] + $3
          return
        """,
    )


def test_compound_assignment_is_spelled_out() -> None:
    function = functions("void f(void)\n{\n\tx->n += a << 2;\n\tj = k = 3;\n}\n")[0]
    first, second, third = function.blocks[0].instructions
    assert isinstance(first, ir.Assign)
    assert first.operator == "+="
    assert render(first.value) == "x->n + (a << 2)"
    assert isinstance(second, ir.Assign)
    assert isinstance(third, ir.Assign)
    assert (render(second.target), render(third.target)) == ("k", "j")
    assert third.value == ir.Number(3)


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("(&x)->f", "x.f"), ("(*p).f", "p->f"), ("*&x", "x"), ("&*p", "p"), ("-5", "-5"),
        ("0x10UL", "16"), ("010", "8"), ("'a'", "97"), ("'\\n'", "10"), ("NULL", "0"),
        ("true", "1"), ("+x", "x"), ("likely(x)", "x"), ("READ_ONCE(a->b)", "a->b"),
        ("unlikely(!x)", "!x"), ("(unsigned   long)x", "(unsigned long)x"),
        ("(__force void *)x", "(void *)x"), ("min_t(unsigned long, a, b)",
        "min((unsigned long)a, (unsigned long)b)"), ("min(a, b)", "min(a, b)"),
        ("PAGE_ALIGN(len) >> PAGE_SHIFT", "PAGE_ALIGN(len) >> PAGE_SHIFT"),
        ("sizeof(struct  a)", "sizeof(struct a)"), ("smp_load_acquire(&x->y)", "x->y"),
        ("container_of(p, struct a, b)", "container_of(p, struct a, b)"),
        ("a, b", ",(a, b)"), ("a ? b : c", "?:(a, b, c)"), ("a && b", "a && b"),
        ("f(a)(b)", "()(b)"), ("1.5", "1.5"), ("L'a'", "97"), ("a[1].b", "a[1].b"),
        ("data_race(x->n)", "x->n"),
    ],
)  # fmt: skip
def test_pure_expressions(written: str, same: str) -> None:
    found = expression_of(written)
    assert found is not None
    assert render(found) == same


def test_what_is_no_expression() -> None:
    assert expression_of("if (x) y();") is None
    assert expression_of(")") is None
    assert expression_of("") is None


def test_short_circuits_of_conditions_and_values() -> None:
    text = body("if (!(a && f()) || b == 0)\n\tx = c || d;")
    assert "if a then" in text
    assert "$1 = call f()" in text
    assert "if b then" in text
    assert "$2 = 1" in text
    assert "$2 = 0" in text
    assert "x = $2" in text
    assert "!" not in text
    assert "&&" not in text


@pytest.mark.parametrize(
    "written",
    ["if (x) g();", "if (x != NULL) g();", "if (!(x == 0)) g();", "if (likely(x)) g();",
     "if (!!x) g();", "if (false != x) g();", "if ((x)) { g(); }", "if (!x) ; else g();",
     "if (unlikely(!x)) { } else { g(); }"],
)  # fmt: skip
def test_conditions_have_one_form(written: str) -> None:
    check(
        written,
        """
        0:
          if x then 1 else 2
        1:
          call g()
          jump 2
        2:
          return
        """,
    )


def test_conditional_values() -> None:
    check(
        "x = a ? b : c ?: d;",
        """
        0:
          if a then 1 else 2
        1:
          $1 = b
          jump 5
        2:
          $2 = c
          if $2 then 4 else 3
        3:
          $2 = d
          jump 4
        4:
          $1 = $2
          jump 5
        5:
          x = $1
          return
        """,
    )


def test_statement_expression() -> None:
    check(
        "x = ({ int k = f(); k + 1; });",
        """
        0:
          $1 = call f()
          declare k: int
          k = $1
          $2 = k + 1
          x = $2
          return
        """,
    )


def test_constants_decide() -> None:
    text = body("if (1) a();\nwhile (0) b();")
    assert text.startswith("0:\n  call a()\n  return\n")


# Calls


def test_warnings_assertions_and_ends() -> None:
    check(
        """
        VM_WARN_ON_ONCE(mm->locked_vm < n || f());
        WARN_ON(g(n));
        mmap_assert_write_locked(mm);
        lockdep_assert_held(&mm->mmap_lock);
        if (WARN_ON_ONCE(!mm))
            return;
        BUG_ON(n);
        panic("no");
        """,
        """
        0:
          mention VM_WARN_ON_ONCE((mm->locked_vm < n) || f())
          call g(n)
          call mmap_assert_write_locked(mm)
          mention lockdep_assert_held(&mm->mmap_lock)
          if mm then 1 else 4
        1:
          if n then 2 else 3
        2:
          unreachable
        3:
          call panic("no")
          unreachable
        4:
          mention WARN()
          return
        """,
    )


def test_calls_through_pointers() -> None:
    check(
        "r = vma->vm_ops->open(vma); (*fn)(a); fn = ops[2](b)(c);",
        """
        0:
          $1 = call vma->vm_ops->open(vma)
          r = $1
          call fn(a)
          $2 = call ops[2](b)
          $3 = call $2(c)
          fn = $3
          return
        """,
    )


def test_stores_outputs_and_exchange() -> None:
    check(
        """
        WRITE_ONCE(a->b, 1);
        smp_store_release(&a->c, x);
        if (get_user(v, ptr))
            swap(a, b);
        """,
        """
        0:
          a->b = 1
          a->c = x
          $1 = call get_user(&v, ptr)
          if $1 then 1 else 2
        1:
          $2 = a
          a = b
          b = $2
          jump 2
        2:
          return
        """,
    )


def test_overflow_checks() -> None:
    check(
        "if (check_add_overflow(a->n, len, &a->n)) return;",
        """
        0:
          $1 = call check_add_overflow(a->n, len)
          a->n = a->n + len
          if $1 then 1 else 2
        1:
          return
        2:
          return
        """,
    )


# Declarations


def test_initialisers() -> None:
    check(
        """
        struct a x = { .b = f(), .c.d = 2, .e = { .f = 3 } }, *p = &x;
        static int once = 5;
        int t[2] = { [1] = n };
        g(&(struct a){ .b = n });
        """,
        """
        0:
          declare x: struct a
          x = {}
          $1 = call f()
          x.b = $1
          x.c.d = 2
          x.e.f = 3
          declare p: struct a *
          p = &x
          declare once: int
          mention 5
          declare t: int []
          t = {}
          t[1] = n
          declare $2: struct a
          $2 = {}
          $2.b = n
          call g(&$2)
          return
        """,
    )


def test_hidden_locals_get_other_names() -> None:
    check(
        """
        int ret = 1;
        {
            int ret = 2;
            { long k = ret; }
        }
        { char k = 3; }
        use(ret);
        """,
        """
        0:
          declare ret: int
          ret = 1
          declare ret.2: int
          ret.2 = 2
          declare k: long
          k = ret.2
          declare k.2: char
          k.2 = 3
          call use(ret)
          return
        """,
    )


def test_types_of_declarations() -> None:
    text = body(
        """
        unsigned a; const volatile struct b *c; typeof(*x) *d; auto e = f();
        int (*fn)(int, long); struct page *g[4]; u64 __user *h; unsigned long long int i;
        int prototype(void);
        """
    )
    declared = [line.split("declare ")[1] for line in text.splitlines() if "declare" in line]
    assert declared == [
        "a: unsigned int", "c: struct b *", "d: typeof(*x) *", "e: auto", "fn: int (*)()",
        "g: struct page * []", "h: u64 *", "i: unsigned long long",
    ]  # fmt: skip


# What cannot be lowered


@pytest.mark.parametrize(
    "text",
    ["void f(void)\n{\n\tif (\n}\n", "void f(void)\n{\n\tgoto *p;\n}\n",
     "void f(void)\n{\n\tgoto nowhere;\n}\n"],
)  # fmt: skip
def test_problems_are_said(text: str) -> None:
    for function in functions(text):
        assert function.problem
        assert function.blocks == ()


def test_deep_nesting_is_a_problem_not_a_crash() -> None:
    text = "void f(void)\n{\n\tx = " + "(" * 3000 + "1" + ")" * 3000 + ";\n}\n"
    assert "deep" in functions(text)[0].problem


_PIECES = st.sampled_from(
    ["if (a) ", "else ", "while (b) ", "for (;;) ", "do ", "{", "}", ";", "x = y;", "f(a);",
     "case 1:", "switch (a) {", "return a;", "goto l;", "l:", "break;", "continue;",
     "guard(mutex)(&m);", "scoped_guard (m, &x) ", "for_each_vma(a, b) ", "#ifdef A\n", "#endif\n",
     "#else\n", "({ a; })", "a ? b : c;", "WARN_ON(", ")", "&&", "||", "!", "(", "\n", "int a = 1;",
     "struct x { int a; } b;", "*p++", "[", "]", "'", '"', "/*", "\\", "#define A(x) x + \n",
     "CLASS(a, b)(c);", "return_ptr(a);", "typeof(a) b;", "asm(\"\" : \"=r\"(a));", "{ .a = 1 }"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES, max_size=40))
def test_any_arrangement_of_statements(pieces: list[str]) -> None:
    for function in functions("void f(int a)\n{\n" + " ".join(pieces) + "\n}\n"):
        _is_sound(function)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    for function in functions(b"void f(void)\n{\n" + data + b"\n}\n"):
        _is_sound(function)


def _is_sound(function: ir.Function) -> None:
    assert bool(function.blocks) != bool(function.problem)
    for block in function.blocks:
        match block.terminator:
            case ir.Jump(to=to):
                assert 0 <= to < len(function.blocks)
            case ir.Branch(then=then, other=other):
                assert 0 <= then < len(function.blocks)
                assert 0 <= other < len(function.blocks)
            case None:
                raise AssertionError("a block without an end")
    pretty(function)

# SPDX-License-Identifier: GPL-2.0-only
"""Statements, scopes, loops and macros as graphs; see test_lower.py."""

from __future__ import annotations

from lint_lowering import body, check, functions

from patchkit.lint import ir

# Clean-ups


def test_guards_and_free() -> None:
    check(
        """
        struct a *p __free(kfree) = make();
        guard(mutex)(&l);
        if (x) {
            guard(rcu)();
            if (y)
                goto out;
            return p->n;
        }
        out:
        return no_free_ptr(p);
        """,
        """
        0:
          $1 = call make()
          declare p: struct a *
          p = $1
          call mutex_lock(&l)
          if x then 1 else 4
        1:
          call rcu_read_lock()
          if y then 2 else 3
        2:
          call rcu_read_unlock() implicit
          jump 4
        3:
          $2 = p->n
          call rcu_read_unlock() implicit
          call mutex_unlock(&l) implicit
          call kfree(p) implicit
          return $2
        4:
          $3 = p
          p = 0
          $4 = $3
          call mutex_unlock(&l) implicit
          call kfree(p) implicit
          return $4
        """,
        head="int f(void)",
    )


def test_scoped_guards() -> None:
    check(
        """
        scoped_guard (mutex, &l) {
            if (x)
                break;
            g();
        }
        scoped_cond_guard(mutex_intr, return -EINTR, &m)
            h();
        """,
        """
        0:
          call mutex_lock(&l)
          if x then 1 else 2
        1:
          call mutex_unlock(&l) implicit
          jump 3
        2:
          call g()
          call mutex_unlock(&l) implicit
          jump 3
        3:
          $1 = call mutex_lock_interruptible(&m)
          if $1 then 4 else 5
        4:
          return -EINTR
        5:
          call h()
          call mutex_unlock(&m) implicit
          return
        """,
        head="int f(void)",
    )


def test_class() -> None:
    check(
        "CLASS(fd, g)(n);\nif (fd_empty(g)) return -EBADF;\nreturn 0;",
        """
        0:
          $1 = call fdget(n)
          declare g: class_fd_t
          g = $1
          $2 = call fd_empty(g)
          if $2 then 1 else 2
        1:
          $3 = -EBADF
          call fdput(g) implicit
          return $3
        2:
          call fdput(g) implicit
          return 0
        """,
        head="int f(int n)",
    )


# Statements


def test_loops() -> None:
    check(
        """
        for (int i = 0; i < n; i++) {
            if (skip(i)) continue;
            if (stop(i)) break;
        }
        while (--n)
            ;
        do { m(); } while (n && k);
        """,
        """
        0:
          declare i: int
          i = 0
          jump 1
        1:
          while i < n then 2 else 5
        2:
          $1 = call skip(i)
          if $1 then 4 else 3
        3:
          $2 = call stop(i)
          if $2 then 5 else 4
        4:
          i = i + 1
          jump 1 back
        5:
          n = n - 1
          while n then 6 else 7
        6:
          jump 5 back
        7:
          call m()
          if n then 8 else 10
        8:
          if k then 9 else 10
        9:
          jump 7 back
        10:
          return
        """,
    )


def test_endless_loop_and_backward_goto() -> None:
    check(
        "retry:\n\tif (f()) goto retry;\n\tfor (;;) { if (g()) return; }",
        """
        0:
          jump 1
        1:
          $1 = call f()
          if $1 then 2 else 3
        2:
          jump 1 back
        3:
          $2 = call g()
          if $2 then 4 else 5
        4:
          return
        5:
          jump 3 back
        """,
    )


def test_loop_macros_assign_by_address() -> None:
    check(
        """
        struct vm_area_struct *vma;
        struct item *a, *b, *known = first();
        for_each_vma(vmi, vma)
            f(vma);
        list_for_each_entry_safe(a, b, &list, node) { g(a); }
        unheard_of_each_thing(x, b, known) { h(b); }
        """,
        """
        0:
          declare vma: struct vm_area_struct *
          declare a: struct item *
          declare b: struct item *
          $1 = call first()
          declare known: struct item *
          known = $1
          jump 1
        1:
          $2 = call for_each_vma(vmi, &vma)
          while $2 then 2 else 3
        2:
          call f(vma)
          jump 1 back
        3:
          $3 = call list_for_each_entry_safe(&a, &b, &list, node)
          while $3 then 4 else 5
        4:
          call g(a)
          jump 3 back
        5:
          $4 = call unheard_of_each_thing(x, &b, known)
          while $4 then 6 else 7
        6:
          call h(b)
          jump 5 back
        7:
          return
        """,
    )


def test_switch() -> None:
    text = body(
        "switch (x) { case 1 ... MAX: a(); fallthrough; case 9: b(); break; default: c(); }"
    )
    assert "if x >= 1 then" in text
    assert "if x <= MAX then" in text
    assert "if x == 9 then" in text
    # 1 … MAX falls through to b().
    a_block = text.split("call a()")[1].split("\n")[1].split()[-1]
    assert f"{a_block}:\n  call b()" in text


def test_labels_with_a_leading_blank_and_dead_code() -> None:
    check(
        """
        if (charge())
            goto fail;
        return 0;
        lost();
         fail:
        uncharge();
        return -1;
        """,
        """
        0:
          $1 = call charge()
          if $1 then 1 else 2
        1:
          call uncharge()
          return -1
        2:
          return 0
        3:
          call lost()
          jump 1
        """,
        head="int f(void)",
    )


def test_preprocessor_branches() -> None:
    check(
        """
        #ifdef CONFIG_A
        a();
        #elif defined(B) && !IS_ENABLED(CONFIG_C)
        b();
        #else
        c();
        #endif
        #ifndef CONFIG_A
        d();
        #endif
        """,
        """
        0:
          if IS_ENABLED(CONFIG_A) then 1 else 2
        1:
          call a()
          jump 6
        2:
          if defined B then 3 else 5
        3:
          if IS_ENABLED(CONFIG_C) then 5 else 4
        4:
          call b()
          jump 6
        5:
          call c()
          jump 6
        6:
          if IS_ENABLED(CONFIG_A) then 8 else 7
        7:
          call d()
          jump 8
        8:
          return
        """,
    )


# Macros of the file


def test_macros_are_expanded() -> None:
    check(
        """
        CHARGE(mm, MORE);
        x = PAGES(len);
        UNKNOWN_HERE(y);
        """,
        """
        0:
          call atomic64_add(1 + 2, &mm->pinned_vm)
          x = len >> PAGE_SHIFT
          call UNKNOWN_HERE(y)
          return
        """,
        before="""
#define MORE (1 + 2)
#define PAGES(x) ((x) >> PAGE_SHIFT)
#define CHARGE(m, n) do { \\
        atomic64_add(n, &(m)->pinned_vm); /* so */ \\
} while (0)
#define BROKEN(x) } x {
""",
    )


def test_macros_in_macros_end() -> None:
    text = body("A(1); B(2);", before="#define A(x) B(x)\n#define B(x) A(x)\n")
    assert "call A(1)" in text
    assert "call B(2)" in text


def test_macro_arguments_as_text_and_pasted() -> None:
    check(
        'SHOW("VmLck", mm->locked_vm); SET(locked, 3);',
        """
        0:
          call seq_put(m, "VmLck", mm->locked_vm << (PAGE_SHIFT - 10), 8)
          mm->locked_vm = 3
          call say("locked")
          return
        """,
        before="""
#define SHOW(str, val) seq_put(m, str, (val) << (PAGE_SHIFT-10), 8)
#define SET(what, n) do { mm->what##_vm = n; say(#what); } while (0)
""",
    )


def test_macro_spans_are_those_of_the_use() -> None:
    function = functions("#define SET(x) x = 1\nvoid f(void)\n{\n\tSET(a->b);\n}\n")[0]
    assign = function.blocks[0].instructions[0]
    assert isinstance(assign, ir.Assign)
    assert function.line(assign.span) == 4

# SPDX-License-Identifier: GPL-2.0-only
"""Paths through one function."""

from __future__ import annotations

from patchkit.lint.events import Check
from tests.lint.analysed import (
    HEADER,
    analysis_of,
    branches,
    charges,
    checks,
    function_of,
    shape,
)


def test_a_condition_tested_twice_does_not_make_paths_that_cannot_be() -> None:
    function = function_of(
        """
        int f(struct mm_struct *mm, unsigned long n, int x)
        {
                if (x)
                        atomic64_add(n, &mm->pinned_vm);
                work();
                if (!x)
                        return 0;
                atomic64_sub(n, &mm->pinned_vm);
                return -EINVAL;
        }
        """
    )
    assert shape(function) == {
        ("success", ()),
        ("failure", ("mm.pinned_vm mm n", "mm.pinned_vm mm -n")),
    }


def test_branches_that_do_not_matter_do_not_multiply() -> None:
    body = "".join(f"if (g{i}()) trace{i}();\n" for i in range(40))
    function = function_of(
        f"void f(struct mm_struct *mm, unsigned long n) {{ {body} mm->locked_vm += n; }}"
    )
    assert len(function.paths) == 1


def test_a_loop_is_left_out_gone_through_once_and_many_times() -> None:
    function = function_of(
        """
        int f(struct mm_struct *mm, unsigned long n)
        {
                unsigned long done = 0;
                long got;
                while (n) {
                        got = pin(n);
                        if (got < 0)
                                goto fail;
                        atomic64_add(got, &mm->pinned_vm);
                        done += got;
                        n -= got;
                }
                return 0;
        fail:
                atomic64_sub(done, &mm->pinned_vm);
                return got;
        }
        """
    )
    failed = [path for path in function.paths if path.outcome == "failure"]
    assert failed
    assert all(not path.net() for path in failed)
    assert any(path.net() for path in function.paths if path.outcome == "success")
    assert any(not path.exact for path in function.paths)


def test_error_exits_by_goto_give_back() -> None:
    function = function_of(
        """
        int f(struct mm_struct *mm, unsigned long n)
        {
                int ret;
                atomic64_add(n, &mm->pinned_vm);
                ret = first();
                if (ret)
                        goto out;
                ret = second();
                if (ret)
                        return ret;
        out:
                if (ret)
                        atomic64_sub(n, &mm->pinned_vm);
                return ret;
        }
        """
    )
    left = [path for path in function.paths if path.outcome == "failure" and path.net()]
    assert len(left) == 1
    assert "second() != 0" in branches(left[0])


def test_a_check_says_what_is_compared() -> None:
    function = function_of(
        """
        int f(struct mm_struct *mm, unsigned long n)
        {
                unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
                if (limit - mm->locked_vm < n && !capable(CAP_IPC_LOCK))
                        return -ENOMEM;
                mm->locked_vm += n;
                return 0;
        }
        """
    )
    (site,) = function.checks()
    assert site.fails
    assert site.excuses == ("CAP_IPC_LOCK",)
    over = site.over[0][1]
    assert over.usage.text == "mm->locked_vm + n"
    assert over.request.text == "n"
    assert [counter for counter, _ in over.counters] == ["mm.locked_vm"]


def test_a_check_of_what_was_charged_before() -> None:
    function = function_of(
        """
        int f(struct mm_struct *mm, unsigned long n)
        {
                if (atomic64_add_return(n, &mm->pinned_vm) > rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT) {
                        atomic64_sub(n, &mm->pinned_vm);
                        return -ENOMEM;
                }
                return 0;
        }
        """
    )
    over = next(each for path in function.paths for each in path.events if isinstance(each, Check))
    assert [(counter, amount.text) for counter, _, amount in over.charged] == [
        ("mm.pinned_vm", "n")
    ]


def test_a_returned_comparison_is_two_paths() -> None:
    function = function_of(
        """
        bool f(struct mm_struct *mm, unsigned long n)
        {
                return mm->locked_vm + n <= rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
        }
        """
    )
    assert {(path.outcome, len(checks(path))) for path in function.paths} == {
        ("success", 1),
        ("failure", 1),
    }


def test_outcomes_of_pointers() -> None:
    function = function_of(
        """
        struct mm_struct *f(struct mm_struct *mm, unsigned long n)
        {
                struct mm_struct *other = kzalloc(sizeof(*other), GFP_KERNEL);
                int ret;
                if (!other)
                        return ERR_PTR(-ENOMEM);
                atomic64_add(n, &mm->pinned_vm);
                ret = work();
                return ret ? ERR_PTR(ret) : other;
        }
        """
    )
    assert {(path.outcome, len(charges(path))) for path in function.paths} == {
        ("failure", 0),
        ("failure", 1),
        ("success", 1),
    }


def test_narrow_variables_are_named() -> None:
    function = function_of(
        """
        void f(struct mm_struct *mm, unsigned long n)
        {
                int pages = n;
                atomic64_add(pages, &mm->pinned_vm);
        }
        """
    )
    (charge,) = [each for each in function.paths[0].events if hasattr(each, "narrow")]
    assert charge.narrow == ("int pages",)


def test_too_many_paths_are_said_and_soon() -> None:
    cases = "".join(f"case {i}: mm->locked_vm += {i}; break;" for i in range(3000))
    function = function_of(
        f"void f(struct mm_struct *mm, int x) {{ switch (x) {{ {cases} }} mm->locked_vm++; }}"
    )
    assert function.problem.startswith("too many paths")
    assert not function.paths


def test_a_check_is_seen_though_what_follows_is_joined() -> None:
    arms = "".join(f"\tif (a{n})\n\t\tx{n}(mm);\n" for n in range(6))
    names = ", ".join(f"int a{n}" for n in range(6))
    function = function_of(
        f"int f(struct mm_struct *mm, unsigned long n, {names})\n{{\n"
        "\tunsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;\n"
        + arms.replace("x", "mm->locked_vm += a").replace("(mm)", "")
        + "\tif (mm->locked_vm + n > limit)\n\t\tprint_it();\n\tmm->locked_vm += n;\n"
        "\treturn 0;\n}\n"
    )
    assert [site.check.counters[0][0] for site in function.checks()] == ["mm.locked_vm"]


def test_what_is_lost_where_ways_meet_is_known_after_an_edit_above_too() -> None:
    arms = "".join(f"\tif (a{n})\n\t\tmm->locked_vm += a{n};\n" for n in range(8))
    names = ", ".join(f"int a{n}" for n in range(8))
    text = (
        HEADER + f"int f(struct mm_struct *mm, {names})\n{{\n{arms}"
        "\tif (capable(CAP_IPC_LOCK))\n\t\treturn 0;\n\tmm->locked_vm++;\n\treturn 0;\n}\n"
    )
    before = analysis_of(a=text.removeprefix(HEADER))
    after = before.edited({"a.c": ("/* One line more. */\n" + text).encode()})
    for each in (before, after):
        function = each.function("f")
        assert function is not None
        assert function.joined
        assert function.asked == {"CAP_IPC_LOCK"}

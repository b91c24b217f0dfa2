# SPDX-License-Identifier: GPL-2.0-only
"""What calls do, seen from the caller."""

from __future__ import annotations

from patchkit.lint.events import Check
from tests.lint.analysed import analysis_of, charges, shape

ACCOUNT = """
int account(struct mm_struct *mm, unsigned long pages, bool inc)
{
        if (!inc) {
                mm->locked_vm -= pages;
                return 0;
        }
        if (mm->locked_vm + pages > rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT)
                return -ENOMEM;
        mm->locked_vm += pages;
        return 0;
}
"""


def test_arguments_and_tests_of_the_result_prune_cases() -> None:
    analysis = analysis_of(
        a=ACCOUNT
        + """
        int take(struct mm_struct *mm, unsigned long n)
        {
                int ret = account(mm, n, true);
                if (ret)
                        return ret;
                return 0;
        }
        void give(struct mm_struct *mm, unsigned long n)
        {
                account(mm, n, false);
        }
        """
    )
    take, give = analysis.function("take"), analysis.function("give")
    assert take is not None and give is not None
    assert shape(take) == {("failure", ()), ("success", ("mm.locked_vm mm n",))}
    assert shape(give) == {("void", ("mm.locked_vm mm -n",))}


def test_results_in_memory_come_back() -> None:
    analysis = analysis_of(
        a="""
        static void split(unsigned long n, unsigned long *extra)
        {
                if (n > rlimit(RLIMIT_MEMLOCK))
                        *extra = n - 1;
        }
        void f(struct mm_struct *mm, unsigned long n)
        {
                unsigned long extra = 0;
                split(n, &extra);
                atomic64_add(extra, &mm->pinned_vm);
        }
        """
    )
    function = analysis.function("f")
    assert function is not None
    assert {tuple(charges(path)) for path in function.paths} == {
        ("mm.pinned_vm mm n - 1",),
        (),
    }


def test_a_limit_handed_over_is_a_check_of_the_caller() -> None:
    analysis = analysis_of(
        a="""
        static int fits(struct mm_struct *mm, unsigned long n, unsigned long limit)
        {
                if (mm->locked_vm + n > limit)
                        return -ENOMEM;
                return 0;
        }
        int f(struct mm_struct *mm, unsigned long n)
        {
                int ret = fits(mm, n, rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT);
                if (!ret)
                        mm->locked_vm += n;
                return ret;
        }
        """
    )
    function = analysis.function("f")
    assert function is not None
    found = [each for path in function.paths for each in path.events if isinstance(each, Check)]
    assert found
    assert all(each.site.function == "fits" and each.via for each in found)


def test_recursion_ends() -> None:
    functions = "".join(
        f"void f{i}(struct mm_struct *mm) {{ mm->locked_vm++; f{(i + 1) % 40}(mm); }}\n"
        for i in range(40)
    )
    analysis = analysis_of(a=functions)
    assert len(analysis.functions) == 40


def test_a_loop_in_a_callee_keeps_its_sum() -> None:
    analysis = analysis_of(
        a="""
        struct list { struct list *next; unsigned long size; };
        static void drain(struct mm_struct *mm, struct list *l)
        {
                while ((l = next_of(l)))
                        atomic64_sub(l->size, &mm->pinned_vm);
        }
        void f(struct mm_struct *mm, struct list *l) { drain(mm, l); }
        """
    )
    function = analysis.function("f")
    assert function is not None
    assert any("sum(" in text for path in function.paths for text in charges(path))

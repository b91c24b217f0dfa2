# SPDX-License-Identifier: GPL-2.0-only
"""series_mutants.generate: which lines are changed, and into what."""

from __future__ import annotations

import pytest
from series_mutants.generate import Mutant, added_lines, mutants, sample

DIFF = """\
diff --git a/mm/x.c b/mm/x.c
--- a/mm/x.c
+++ b/mm/x.c
@@ -3,0 +4,6 @@ int f(void)
+	unsigned long limit = rlimit(RLIMIT_MEMLOCK);
+	mm->locked_vm += nr;
+	/* locked_vm is what it was */
+	if (mm->locked_vm > limit && !capable(CAP_IPC_LOCK))
+		return -ENOMEM;
+	unrelated();
@@ -20 +27,2 @@ int g(void)
-	old();
+	mm_account_vma_flags(mm, VM_NONE, flags, len >> PAGE_SHIFT);
+	atomic64_add(n, &mm->pinned_vm);
diff --git a/Documentation/x.rst b/Documentation/x.rst
--- a/Documentation/x.rst
+++ b/Documentation/x.rst
@@ -0,0 +1 @@
+locked_vm += 1;
"""


def changed(line: int) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for mutant in mutants(DIFF):
        if mutant.line == line:
            found.setdefault(mutant.operator, set()).add(mutant.after.strip())
    return found


def test_added_lines_have_their_numbers() -> None:
    lines = {text.strip(): (path, number) for path, number, text in added_lines(DIFF)}
    assert lines["mm->locked_vm += nr;"] == ("mm/x.c", 5)
    assert lines["atomic64_add(n, &mm->pinned_vm);"] == ("mm/x.c", 28)
    assert "old();" not in lines


def test_each_operator_does_what_it_says() -> None:
    assert changed(5) == {
        "delete": {";"}, "negate": {"mm->locked_vm -= nr;"}, "swap": {"mm->pinned_vm += nr;"},
        "off-by-one": {"mm->locked_vm += (nr) + 1;"},
    }  # fmt: skip
    assert changed(7) == {
        "negate": {"if (!(mm->locked_vm > limit && !capable(CAP_IPC_LOCK)))"},
        "swap": {"if (mm->pinned_vm > limit && !capable(CAP_IPC_LOCK))"},
        "off-by-one": {"if (mm->locked_vm >= limit && !capable(CAP_IPC_LOCK))"},
    }
    assert changed(27)["off-by-one"] == {
        "mm_account_vma_flags(mm, VM_NONE, flags, (len >> PAGE_SHIFT) + 1);"
    }
    assert changed(28) == {
        "delete": {";"}, "negate": {"atomic64_sub(n, &mm->pinned_vm);"},
        "swap": {"atomic64_add(n, &mm->locked_vm);"},
        "off-by-one": {"atomic64_add((n) + 1, &mm->pinned_vm);"},
    }  # fmt: skip


def test_what_does_not_touch_the_subject_is_left_alone() -> None:
    assert {mutant.path for mutant in mutants(DIFF)} == {"mm/x.c"}
    assert changed(6) == changed(8) == changed(9) == {}
    assert "delete" not in changed(4), "a declaration that goes is a build that fails"


def test_a_mutant_changes_its_line_only() -> None:
    mutant = Mutant("mm/x.c", 2, "delete", "\tb();", "\t;")
    assert mutant.apply("a();\n\tb();\nc();\n") == "a();\n\t;\nc();\n"
    with pytest.raises(ValueError, match=r"mm/x\.c:2 is not"):
        mutant.apply("a();\nother();\n")


def test_a_sample_is_the_same_each_time_and_keeps_the_order() -> None:
    every = mutants(DIFF)
    chosen = sample(every, 4, seed=1)
    assert chosen == sample(every, 4, seed=1) != sample(every, 4, seed=2)
    assert chosen == sorted(chosen, key=every.index)
    assert sample(every, 1000, seed=1) == every
    assert len({mutant.id for mutant in every}) == len(every)

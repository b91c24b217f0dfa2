# SPDX-License-Identifier: GPL-2.0-only
"""The whole program: choice of functions, callers, edits."""

from __future__ import annotations

import pytest

from patchkit.lint.analysis import FunctionPaths
from patchkit.lint.ir import Function
from patchkit.lint.program import Program
from patchkit.lint.single import analyse
from patchkit.lint.world import View
from tests.lint.analysed import HEADER, analysis_of, charges, shape

TEXT = """
struct region { unsigned long npages; struct mm_struct *mm; };

static void charge(struct region *region, unsigned long n)
{
        atomic64_add(n, &region->mm->pinned_vm);
        region->npages = n;
}

int attach(struct region *region, unsigned long n)
{
        region->mm = current->mm;
        charge(region, n);
        return 0;
}

void detach(struct region *region)
{
        atomic64_sub(region->npages, &region->mm->pinned_vm);
        kfree(region);
}

int unrelated(int x)
{
        return x + 1;
}
"""


def test_functions_with_events_are_there_and_others_are_not() -> None:
    names = {each.name for each in analysis_of(a=TEXT).functions}
    assert {"charge", "attach", "detach"} <= names
    assert "unrelated" not in names


def test_members_that_keep_an_account_are_found() -> None:
    analysis = analysis_of(a=TEXT)
    assert {("region", "npages"), ("region", "mm")} <= analysis.tables.members
    assert [event.value.text for _, _, event in analysis.stores("region", "npages")]
    assert [each.name for each in analysis.frees("region")] == ["detach"]


def test_callers() -> None:
    analysis = analysis_of(a=TEXT)
    charge = analysis.function("charge")
    assert charge is not None
    assert [each.caller.name for each in analysis.callers(charge)] == ["attach"]


def test_both_ends_are_the_same_place() -> None:
    analysis = analysis_of(a=TEXT)
    attach, detach = analysis.function("attach"), analysis.function("detach")
    assert attach is not None and detach is not None
    assert shape(attach) == {("success", ("mm.pinned_vm current->mm n",))}
    (path,) = detach.paths
    assert charges(path) == ["mm.pinned_vm region->mm -region->npages"]


def test_an_edit_that_changes_nothing_gives_the_same() -> None:
    analysis = analysis_of(a=TEXT)
    again = analysis.edited({"a.c": (HEADER + TEXT).encode()})
    assert [each.name for each in again.functions] == [each.name for each in analysis.functions]
    assert all(new is old for new, old in zip(again.functions, analysis.functions, strict=True))


def test_an_edit_above_moves_the_places() -> None:
    analysis = analysis_of(a=TEXT)
    moved = analysis.edited({"a.c": (HEADER + "\n\n\n" + TEXT).encode()})
    before, after = analysis.function("attach"), moved.function("attach")
    assert before is not None and after is not None
    for old, new in zip(before.paths[0].events, after.paths[0].events, strict=True):
        assert new.site.span.line == old.site.span.line + 3
        assert new.here.span.line == old.here.span.line + 3


def test_an_edit_of_a_callee_reaches_its_callers() -> None:
    analysis = analysis_of(a=TEXT)
    text = TEXT.replace("atomic64_add(n, ", "atomic64_add(n + 1, ")
    attach = analysis.edited({"a.c": (HEADER + text).encode()}).function("attach")
    assert attach is not None
    assert shape(attach) == {("success", ("mm.pinned_vm current->mm n + 1",))}


def test_a_path_can_be_told_step_by_step() -> None:
    detach = analysis_of(a=TEXT).function("detach")
    assert detach is not None
    steps = detach.paths[0].steps()
    assert [each.what for each in steps] == [
        "takes region->npages from mm.pinned_vm of region->mm",
        "frees region (kfree)",
    ]


def analysed_again(monkeypatch: pytest.MonkeyPatch, before: str, after: str) -> list[str]:
    """Return the functions that an edit makes the analysis look at again, and check the result."""
    analysis = analysis_of(a=before)
    names: list[str] = []

    def counted(function: Function, types: Program, view: View) -> FunctionPaths:
        names.append(function.name)
        return analyse(function, types, view)

    monkeypatch.setattr("patchkit.lint.analysis.analyse", counted)
    edited = analysis.edited({"a.c": (HEADER + after).encode()})
    monkeypatch.undo()
    for each, new in zip(edited.functions, analysis_of(a=after).functions, strict=True):
        assert [path.events for path in each.paths] == [path.events for path in new.paths]
        assert [path.end for path in each.paths] == [path.end for path in new.paths]
    return names


def test_callers_of_what_does_the_same_are_not_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = TEXT.replace("        atomic64_add", "\n        /* pages */\n        atomic64_add")
    assert analysed_again(monkeypatch, TEXT, text) == ["charge"]


def test_callers_of_what_does_something_else_are_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = TEXT.replace("atomic64_add(n, ", "atomic64_add(n + 1, ")
    assert analysed_again(monkeypatch, TEXT, text) == ["charge", "attach"]


def test_what_sees_another_declaration_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    text = TEXT.replace("unsigned long npages;", "unsigned int npages;")
    assert {"charge", "attach", "detach"} <= set(analysed_again(monkeypatch, TEXT, text))

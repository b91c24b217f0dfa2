# SPDX-License-Identifier: GPL-2.0-only
"""A tree as functions: names, callers, edits, tables."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lint_trees import BY_TREE, MemoryTree

from patchkit.lint import ir, scope
from patchkit.lint.counters import load_counters
from patchkit.lint.program import Program
from patchkit.tree.source import GitTree

UTIL = """
#include <linux/mm.h>
#define NOTHING do { } while (0)
int __account(struct mm_struct *mm, long n)
{
	NOTHING;
	mm->locked_vm += n;
	return 0;
}

int account_locked_vm(struct mm_struct *mm, long n)
{
	return __account(mm, n);
}
"""
MM_H = """
struct mm_struct { unsigned long locked_vm; };
#ifdef CONFIG_MMU
int account_locked_vm(struct mm_struct *mm, long n);
#else
static inline int account_locked_vm(struct mm_struct *mm, long n) { return 0; }
#endif
static inline unsigned long twice(unsigned long n)
{
	return 2 * n;
}
"""
DRIVER = """
#include <linux/mm.h>
static int charge(struct mm_struct *mm, long n)
{
	return account_locked_vm(mm, twice(n));
}

static int map(struct mm_struct *mm)
{
	return charge(mm, 1);
}

static const struct file_operations driver_fops = {
	.owner = THIS_MODULE,
	.mmap = map,
	.release	= &charge,
};
"""
OTHER = """
static int charge(struct mm_struct *mm)
{
	return 1;
}
int uses(void)
{
	return charge(0);
}
"""


@pytest.fixture
def tree() -> MemoryTree:
    return MemoryTree(
        {"mm/util.c": UTIL, "include/linux/mm.h": MM_H, "drivers/a/a.c": DRIVER,
         "drivers/b/b.c": OTHER}
    )  # fmt: skip


@pytest.fixture
def program(tree: MemoryTree) -> Program:
    counters = load_counters()
    words = [word.encode() for word in counters.words]
    return Program(tree, counters, scope.search(tree, words, counters.outside))


def named(found: ir.Function | None) -> tuple[str, str] | None:
    return (found.path, found.name) if found is not None else None


def test_functions_by_name(program: Program) -> None:
    assert named(program.function("charge", "drivers/a/a.c")) == ("drivers/a/a.c", "charge")
    assert named(program.function("charge", "drivers/b/b.c")) == ("drivers/b/b.c", "charge")
    assert named(program.function("charge", "mm/util.c")) is None
    assert named(program.function("twice", "drivers/a/a.c")) == ("include/linux/mm.h", "twice")
    # Not the stand-in of the header.
    found = program.function("account_locked_vm", "drivers/a/a.c")
    assert named(found) == ("mm/util.c", "account_locked_vm")
    assert program.function("nothing", "drivers/a/a.c") is None
    assert program.function("account_locked_vm") is not None


def test_mentions(program: Program) -> None:
    names = [each.name for path in program.files for each in program.mentioning(path)]
    assert names == ["charge", "account_locked_vm", "__account", "account_locked_vm"]
    assert [each.name for each in program.functions("drivers/b/b.c")] == ["charge", "uses"]
    offset = UTIL.index("mm->locked_vm")
    found = program.function_at("mm/util.c", offset)
    assert found is not None
    assert found.name == "__account"
    assert program.function_at("mm/util.c", 0) is None
    assert program.functions("absent.c") == ()


def test_callers(program: Program) -> None:
    assert [named(each) for each in program.callers("charge", "drivers/a/a.c")] == [
        ("drivers/a/a.c", "map")
    ]
    program.prefetch(["account_locked_vm", "twice"])
    found = {named(each) for each in program.callers("account_locked_vm", "mm/util.c")}
    assert found == {("drivers/a/a.c", "charge")}
    assert {named(e) for e in program.callers("twice", "include/linux/mm.h")} == {
        ("drivers/a/a.c", "charge")
    }
    assert program.callers("nobody", "") == ()


def test_tables(program: Program) -> None:
    assert program.entry_points("drivers/a/a.c") == (
        ("file_operations", "driver_fops", "mmap", "map"),
        ("file_operations", "driver_fops", "release", "charge"),
    )
    table = program.initialisers("file_operations")[0]
    assert (table.variable, table.file) == ("driver_fops", "drivers/a/a.c")


def test_an_edit_keeps_what_it_does_not_touch(program: Program) -> None:
    before = program.function("account_locked_vm", "mm/util.c")
    changed = program.function("__account", "mm/util.c")
    other = program.function("charge", "drivers/a/a.c")
    text = UTIL.replace("mm->locked_vm += n;", "mm->locked_vm += n;\n\tmore();")
    after = program.edited({"mm/util.c": text.encode()})
    moved = after.function("account_locked_vm", "mm/util.c")
    assert before is not None
    assert moved is not None
    assert changed is not None
    assert moved.blocks is before.blocks
    assert moved.span.line == before.span.line + 1
    assert after.function("charge", "drivers/a/a.c") is other
    edited = after.function("__account", "mm/util.c")
    assert edited is not None
    assert edited.blocks is not changed.blocks
    # The program that it came from stays as it was.
    assert program.function("__account", "mm/util.c") is changed


def test_an_edit_of_a_macro_is_one_of_its_users(program: Program) -> None:
    before = program.function("__account", "mm/util.c")
    same = program.function("account_locked_vm", "mm/util.c")
    text = UTIL.replace("do { } while (0)", "something()")
    after = program.edited({"mm/util.c": text.encode()})
    assert before is not None
    assert same is not None
    changed = after.function("__account", "mm/util.c")
    kept = after.function("account_locked_vm", "mm/util.c")
    assert changed is not None
    assert kept is not None
    assert changed.blocks is not before.blocks
    assert kept.blocks is same.blocks


def test_files_come_and_go(program: Program) -> None:
    after = program.edited({"mm/util.c": None, "mm/new.c": b"int n(void)\n{\n\tlocked_vm();\n}\n"})
    assert "mm/util.c" not in after.files
    assert "mm/new.c" in after.files
    assert after.function("n", "mm/new.c") is not None
    assert after.function("__account", "mm/util.c") is None
    twice = after.edited({"mm/other.c": b"int n(void)\n{\n}\n"})
    assert twice.files == after.files


def test_a_file_that_was_asked_for_stays(tree: MemoryTree) -> None:
    program = Program(tree, load_counters(), ("drivers/b/b.c", "mm/util.c"))
    plain = program.edited({"drivers/b/b.c": b"int n(void)\n{\n}\n"})
    again = plain.edited({"drivers/b/b.c": b"int m(void)\n{\n}\n"})
    assert plain.files == again.files == program.files


def test_callers_after_an_edit(program: Program) -> None:
    program.callers("account_locked_vm", "mm/util.c")
    text = OTHER + "int more(void)\n{\n\treturn account_locked_vm(0, 1);\n}\n"
    after = program.edited({"drivers/b/b.c": text.encode()})
    found = {named(each) for each in after.callers("account_locked_vm", "mm/util.c")}
    assert found == {("drivers/a/a.c", "charge"), ("drivers/b/b.c", "more")}


def test_headers_are_read_once(program: Program, tree: MemoryTree) -> None:
    tree.reads.clear()
    for path in ("drivers/a/a.c", "mm/util.c"):
        program.function("twice", path)
        program.member_type("mm_struct", "locked_vm", path)
    assert tree.reads.count("include/linux/mm.h") == 1


def test_a_name_is_searched_for_once(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def search(tree: object, words: list[bytes], outside: object) -> tuple[str, ...]:
        asked.extend(words)
        return scope_search(tree, words, outside)  # type: ignore[arg-type]

    scope_search = scope.search
    monkeypatch.setattr(scope, "search", search)
    program.prefetch(["charge", "twice"])
    one = program.edited({"drivers/a/a.c": b"int f(void)\n{\n\treturn g();\n}\n"})
    other = program.edited({"mm/other.c": b"int h(void)\n{\n\treturn g() + twice(1);\n}\n"})
    assert {named(each) for each in one.callers("g")} == {("drivers/a/a.c", "f")}
    assert {named(each) for each in other.callers("g")} == {("mm/other.c", "h")}
    assert ("mm/other.c", "h") in {named(e) for e in other.callers("twice", "include/linux/mm.h")}
    assert program.callers("g") == ()
    assert asked == [b"charge", b"twice", b"g"]


# Real trees

OWNERS = {"mm_struct", "user_struct", "vfio_dma", "vma_munmap_struct"}


@pytest.mark.real
@pytest.mark.parametrize("version", BY_TREE)
def test_every_mention_is_read(version: str, real_tree: Callable[[str], GitTree]) -> None:
    """Every function that names a counter or the limit lowers, and every owner has a type."""
    tree, counters = real_tree(version), load_counters()
    words = [word.encode() for word in counters.words]
    files = scope.search(tree, words, counters.outside)
    program = Program(tree, counters, files)
    functions = [each for path in files if path.endswith((".c", ".h"))
                 for each in program.mentioning(path)]  # fmt: skip
    assert len(functions) > 60
    assert [(each.path, each.name, each.problem) for each in functions if each.problem] == []
    fields = {"locked_vm", "pinned_vm", "perf_mlock"}
    seen = set()
    for function in functions:
        for member in _members(function):
            if member.field in fields:
                type_ = program.type_of(member.base, function)
                assert type_.startswith("struct "), (function.name, member)
                seen.add(type_.split()[1])
    assert seen <= OWNERS
    assert {"mm_struct", "user_struct"} <= seen


def _members(function: ir.Function) -> list[ir.Member]:
    found: list[ir.Member] = []
    pending: list[object] = [function.blocks]
    while pending:
        here = pending.pop()
        if isinstance(here, ir.Member):
            found.append(here)
        if isinstance(here, tuple | list):
            pending += here
        elif hasattr(here, "__dataclass_fields__"):
            pending += [getattr(here, name) for name in here.__dataclass_fields__]
    return found

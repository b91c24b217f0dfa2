# SPDX-License-Identifier: GPL-2.0-only
"""Types of expressions, over small trees."""

from __future__ import annotations

import pytest
from lint_trees import MemoryTree

from patchkit.lint import ir
from patchkit.lint.counters import load_counters
from patchkit.lint.ctypes import Integer
from patchkit.lint.lower import expression_of
from patchkit.lint.program import Program

MM_TYPES = """
typedef struct { long counter; } atomic64_t;
struct vm_area_struct;
struct mm_struct {
	struct {
		struct vm_area_struct *mmap;
		unsigned long locked_vm;	/* pages */
		atomic64_t    pinned_vm __aligned(8);
#ifdef CONFIG_X
		spinlock_t page_table_lock, *other;
#endif
		union { struct { int a; } named; u32 flat; };
	} __randomize_layout;
	unsigned long cpu_bitmap[];
};
struct vm_area_struct {
	struct mm_struct *vm_mm;
	const struct vm_operations_struct *vm_ops;
};
typedef unsigned long vm_words_t;
typedef struct page_thing { int n; } thing_t;
typedef struct { struct mm_struct *owner; } context_t;
extern struct mm_struct init_mm;
static inline struct mm_struct *mm_of(struct vm_area_struct *vma)
{
	return vma->vm_mm;
}
struct page **pages_of(
	struct mm_struct *mm);
bool __must_check ok(void);
"""

DRIVER = """
#include <linux/mm_types.h>
#include "driver.h"
static struct vfio_dma *head[4];
struct vfio_dma {
	size_t locked_vm;
	struct mm_struct *mm;
	context_t context;
	DECLARE_BITMAP(bits, 8);
	unsigned small:3;
	void (*call)(int);
};
static long f(struct vfio_dma *dma, vm_words_t n, thing_t *t, struct vm_area_struct **vmas)
{
	struct mm_struct *mm = dma->mm;
	typeof(mm) same = mm;
	typeof(*mm) whole;
	auto found = mm_of(vmas[0]);
	u8 tiny;
	u64 big;

	g(mm_of(vmas[1])->locked_vm, pages_of(mm)[0], ok());
	return 0;
}
"""


@pytest.fixture(scope="module")
def program() -> Program:
    tree = MemoryTree(
        {
            "include/linux/mm_types.h": MM_TYPES,
            "drivers/vfio/driver.c": DRIVER,
            "drivers/vfio/driver.h": "struct local { struct vfio_dma *dma; };\n",
        }
    )
    return Program(tree, load_counters(), ("drivers/vfio/driver.c",))


def function(program: Program) -> ir.Function:
    found = program.function("f", "drivers/vfio/driver.c")
    assert found is not None
    assert not found.problem
    return found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("mm", "struct mm_struct *"), ("mm->locked_vm", "unsigned long"),
        ("dma->locked_vm", "size_t"), ("&mm->pinned_vm", "atomic64_t *"),
        ("dma->mm->mmap->vm_mm->locked_vm", "unsigned long"),
        ("(*vmas)->vm_mm", "struct mm_struct *"), ("vmas[2]->vm_mm", "struct mm_struct *"),
        ("head[1]->mm", "struct mm_struct *"), ("init_mm.locked_vm", "unsigned long"),
        ("current", "struct task_struct *"), ("dma->context.owner", "struct mm_struct *"),
        ("mm->page_table_lock", "spinlock_t"), ("mm->other", "spinlock_t *"), ("mm->flat", "u32"),
        ("mm->named", "struct mm_struct.named"), ("mm->named.a", "int"), ("t->n", "int"),
        ("same->locked_vm", "unsigned long"), ("whole.locked_vm", "unsigned long"),
        ("found->locked_vm", "unsigned long"), ("mm->cpu_bitmap[0]", "unsigned long"),
        ("(u32)n", "u32"), ("tiny + 1", "int"), ("big + tiny", "u64"), ("tiny << 3", "int"),
        ("n > 3", "int"), ("!n", "int"), ("&mm", "struct mm_struct **"), ("vmas + 1",
        "struct vm_area_struct **"), ("min(tiny, big)", "u64"), ("PTR_ERR(mm)", "long"),
        ("container_of(mm, struct local, dma)", "struct local *"), ("sizeof(mm)", "size_t"),
        ("container_of(mm, struct local, dma)->dma->mm", "struct mm_struct *"),
        ("dma->bits", "long []"), ("dma->small", "unsigned int"), ("nothing", ""),
        ("dma->nothing", ""), ("nothing->locked_vm", ""), ('"x"', "char *"), ("-n", "vm_words_t"),
    ],
)  # fmt: skip
def test_type_of(program: Program, text: str, wanted: str) -> None:
    expression = expression_of(text)
    assert expression is not None
    assert program.type_of(expression, function(program)) == wanted


def test_results_of_calls(program: Program) -> None:
    here = function(program)
    calls = [
        each for block in here.blocks for each in block.instructions if isinstance(each, ir.Call)
    ]
    types = {
        call.function.id: program.type_of(call.result, here)
        for call in calls
        if call.result is not None and isinstance(call.function, ir.Name)
    }
    assert types == {"mm_of": "struct mm_struct *", "pages_of": "struct page **", "ok": "bool"}
    last = calls[-1]
    assert program.type_of(last.arguments[0], here) == "unsigned long"
    assert program.type_of(last.arguments[1], here) == "struct page *"


@pytest.mark.parametrize(
    ("type_", "wanted"),
    [("u32", Integer(32, False)), ("vm_words_t", Integer(64, False)), ("long", Integer(64, True)),
     ("size_t", Integer(64, False)), ("struct mm_struct", None), ("int *", None),
     ("enum x", Integer(32, False)), ("", None)],
)  # fmt: skip
def test_integers(program: Program, type_: str, wanted: Integer | None) -> None:
    assert program.integer(type_, "drivers/vfio/driver.c") == wanted


def test_members_without_a_place(program: Program) -> None:
    assert program.member_type("mm_struct", "locked_vm") == "unsigned long"
    assert program.member_type("vfio_dma", "mm") == "struct mm_struct *"
    assert program.member_type("nothing", "mm") == ""


def test_two_structs_of_one_name() -> None:
    tree = MemoryTree(
        {
            "a/a.c": "struct s { int x; };\nint f(struct s *s)\n{\n\treturn s->x;\n}\n",
            "b/b.c": "struct s { long x; };\nint f(struct s *s)\n{\n\treturn s->x;\n}\n",
        }
    )
    program = Program(tree, load_counters())
    expression = expression_of("s->x")
    assert expression is not None
    types = []
    for path in ("a/a.c", "b/b.c"):
        found = program.function("f", path)
        assert found is not None
        types.append(program.type_of(expression, found))
    assert types == ["int", "long"]


def test_a_driver_sees_the_headers_of_the_architecture_that_has_them_all() -> None:
    tree = MemoryTree(
        {
            "arch/x86/include/asm/iommu.h": "struct other { int size; };\n",
            "arch/powerpc/include/asm/iommu.h": "struct table { unsigned long size; };\n",
            "arch/powerpc/include/asm/tce.h": "",
            "drivers/tce.c": "#include <asm/iommu.h>\n#include <asm/tce.h>\n",
            "drivers/any.c": "#include <asm/iommu.h>\n",
        }
    )
    program = Program(tree, load_counters(), ("drivers/tce.c",))
    assert program.member_type("table", "size", "drivers/tce.c") == "unsigned long"
    program = Program(tree, load_counters(), ("drivers/any.c",))
    assert program.member_type("other", "size", "drivers/any.c") == "int"

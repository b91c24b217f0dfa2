# SPDX-License-Identifier: GPL-2.0-only
"""No mention gets lost: each is analysed, not analysed with a reason, or elsewhere."""

from __future__ import annotations

from pathlib import Path

import lint_fakes as fakes
import pytest

from patchkit.lint import scope
from patchkit.lint.coverage import cover
from patchkit.lint.ir import Block, Branch, Declare, Function, Mention, Name, Return, Span
from patchkit.lint.model import NotAnalysed
from patchkit.lint.tally import FileCoverage, total
from patchkit.tree.csource import Extent, parse
from patchkit.tree.source import DirectoryTree

SOURCE = b"""\
/* locked_vm in a comment */
#define LIMIT locked_vm
struct mm { unsigned long locked_vm; };
char *name = "locked_vm";
int table[] = { [locked_vm] = 1 };
EXPORT_SYMBOL(user_locked_vm);
int user_locked_vm(int locked_vm);
int user_locked_vm(int locked_vm)
{
	/* locked_vm */
	printk("locked_vm");
	int locked_vm = 1;
	if (mm->locked_vm)
		return mm->locked_vm + user_locked_vm(1);
	lost(locked_vm);
}
int second(void)
{
	return locked_vm;
}
"""


class Program:
    """Functions as the lowering would make them."""

    def __init__(self, *functions: Function) -> None:
        self._functions = functions

    def function_at(self, path: str, offset: int, /) -> Function | None:
        for function in self._functions:
            if function.path == path and function.span.start <= offset < function.span.end:
                return function
        return None

    def extents(self, path: str, /) -> list[Extent]:
        if not path.endswith((".c", ".h")):
            return []
        return [e for e in parse(SOURCE).entities() if e.kind == "function" and e.body]


def lowered(name: str, *texts: bytes, problem: str = "", data: bytes = SOURCE) -> Function:
    """Return a function with an instruction over each of *texts*."""
    extent = [e for e in parse(data).find("function", name) if e.body is not None][-1]
    spans = []
    for text in texts:
        start = data.index(text, extent.start) - extent.start
        spans.append(Span(start, start + len(text), 0))
    block = Block([Mention(Name("x"), span) for span in spans[:-1]])
    if spans:
        block.terminator = Return(None, spans[-1])
    whole = Span(extent.start, extent.end, extent.line)
    return Function(name, "a.c", whole, (), "int", False, (block,) if spans else (), problem)


WHOLE = lowered(
    "user_locked_vm", b"int locked_vm = 1;", b"mm->locked_vm)",
    b"return mm->locked_vm + user_locked_vm(1);",
)  # fmt: skip
SECOND = lowered("second", b"return locked_vm;")


def covered(
    tmp_path: Path, program: Program, problems: dict[str, str] | None = None, name: str = "a.c"
) -> FileCoverage:
    fakes.write(tmp_path, {name: SOURCE})
    tree = DirectoryTree(tmp_path)
    mentions = scope.mentions(tree, [b"locked_vm"])
    files = cover(tree, mentions, program, lambda f: (problems or {}).get(f.name, ""))
    counted = files[name]
    assert counted.mentions == SOURCE.count(b"locked_vm")
    assert counted.mentions == counted.analysed + counted.elsewhere + len(counted.not_analysed)
    return counted


def test_each_mention_is_counted_once(tmp_path: Path) -> None:
    counted = covered(tmp_path, Program(WHOLE, SECOND))
    assert counted.analysed == 5
    assert counted.not_analysed == (
        NotAnalysed("a.c", 15, "user_locked_vm", "no statement that was analysed holds it"),
    )
    assert counted.elsewhere == 12


def test_a_function_with_a_problem(tmp_path: Path) -> None:
    broken = lowered("second", problem="the syntax tree has an error inside")
    missed = covered(tmp_path, Program(WHOLE, broken)).not_analysed
    assert missed[1] == NotAnalysed("a.c", 19, "second", "the syntax tree has an error inside")


def test_a_function_with_too_many_paths(tmp_path: Path) -> None:
    problems = {"user_locked_vm": "too many paths (more than 400)"}
    missed = covered(tmp_path, Program(WHOLE, SECOND), problems).not_analysed
    assert [(item.line, item.why) for item in missed] == [
        (line, "too many paths (more than 400)") for line in (12, 13, 14, 14, 15)
    ]


def test_a_function_that_was_not_found(tmp_path: Path) -> None:
    missed = covered(tmp_path, Program(WHOLE)).not_analysed
    assert missed[-1].why == "the function was not found in the file"
    assert missed[-1].function == "second"


@pytest.mark.parametrize(("name", "elsewhere", "missed"), [("Kconfig", 18, 0), ("e.S", 0, 18)])
def test_other_files(tmp_path: Path, name: str, elsewhere: int, missed: int) -> None:
    counted = covered(tmp_path, Program(), name=name)
    assert (counted.elsewhere, len(counted.not_analysed)) == (elsewhere, missed)
    assert {item.why for item in counted.not_analysed} <= {"only C is read"}


@pytest.mark.parametrize(
    ("name", "text", "missed"),
    [
        ("m.h", b"#define charge(mm) (mm)->locked_vm++\n", 1),
        ("m.h", b"#define charge(mm) \\\n\t((mm).locked_vm++)\n", 1),
        ("m.h", b"#define charge(mm) account_locked_vm(mm)\n", 0),
        ("m.h", b"#include <linux/locked_vm.h>\n", 0),
        ("m.c", b"#define charge(mm) (mm)->locked_vm++\n", 0),
    ],
)
def test_macros(tmp_path: Path, name: str, text: bytes, missed: int) -> None:
    fakes.write(tmp_path, {name: text})
    tree = DirectoryTree(tmp_path)
    program = Program()
    program.extents = lambda path: []  # type: ignore[method-assign]
    files = cover(tree, scope.mentions(tree, [b"locked_vm"]), program, lambda function: "")
    assert len(files[name].not_analysed) == missed
    if missed:
        assert files[name].not_analysed[0].why == "the body of the macro charge is not followed"


@pytest.mark.parametrize(
    ("text", "missed"),
    [
        (b"ODD(x) mm->locked_vm++;\n", 1),
        (b"/* mm->locked_vm */ int x;\n", 0),
        (b"struct limits l = { .locked_vm = 1, .user_locked_vm = 2 };\n", 0),
    ],
)
def test_code_that_is_in_no_function(tmp_path: Path, text: bytes, missed: int) -> None:
    fakes.write(tmp_path, {"m.c": text})
    tree = DirectoryTree(tmp_path)
    program = Program()
    program.extents = lambda path: []  # type: ignore[method-assign]
    files = cover(tree, scope.mentions(tree, [b"locked_vm"]), program, lambda function: "")
    assert len(files["m.c"].not_analysed) == missed


def test_spans_of_every_instruction_count(tmp_path: Path) -> None:
    extent = parse(SOURCE).find("function", "second")[0]
    start = SOURCE.index(b"return locked_vm") - extent.start
    span = Span(start, start + 16, 2)
    for block in (
        Block([Declare("x", "int", span)]),
        Block([], Branch(Name("x"), 1, 1, span)),
        Block([], Return(None, span)),
    ):
        whole = Span(extent.start, extent.end, extent.line)
        function = Function("second", "a.c", whole, (), "int", False, (block,))
        assert covered(tmp_path, Program(WHOLE, function)).analysed == 5


def test_total() -> None:
    missed = NotAnalysed("a.c", 1, "f", "why")
    coverage = total([FileCoverage(3, 1, 1, (missed,)), FileCoverage(2, 2, 0)])
    assert (coverage.mentions, coverage.analysed, coverage.elsewhere) == (5, 3, 1)
    assert coverage.not_analysed == (missed,)

# SPDX-License-Identifier: GPL-2.0-only
"""One counter of a pair is shown and the other is not."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint import ir
from patchkit.lint.analysis import Analysis
from patchkit.lint.checks import accounted
from patchkit.lint.effects import load_effects
from patchkit.lint.events import Charge, Check, Init
from patchkit.lint.examples import pair_of
from patchkit.lint.model import Finding, Severity, Step
from patchkit.lint.rule import Rule
from patchkit.lint.values import tag_of

WHY = """\
Who wants to know how much memory a process keeps unevictable has to see both counters: one of them
alone explains neither why mlock() fails nor where the memory went. /proc/PID/status shows VmLck and
VmPin for that reason.
"""

TEXT = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

void window_show(struct seq_file *m, struct mm_struct *mm)
{
	seq_printf(m, "locked %lu\n", mm->locked_vm);
@@@}
"""

FAILING, PASSING = pair_of(
    TEXT,
    """""",
    """	seq_printf(m, "pinned %lld\n", atomic64_read(&mm->pinned_vm));
""",
)


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    program = analysis.program
    working = _working(analysis)
    for file in program.files:
        for function in program.mentioning(file):
            if id(function.blocks) in working or not _reports(function):
                continue
            shown = _shown(analysis, function)
            for pair in analysis.counters.pairs:
                present = [counter for counter in pair.counters if counter in shown]
                missing = [counter for counter in pair.counters if counter not in shown]
                if present and missing:
                    yield _finding(function, shown[present[0]], present, missing)


def _finding(function: ir.Function, line: int, present: list[str], missing: list[str]) -> Finding:
    step = Step(function.path, line, f"{present[0]} is shown")
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        file=function.path,
        line=line,
        function=function.name,
        message=f"{present[0]} is shown, {' and '.join(missing)} is not",
        subject=f"{'+'.join(present)} without {'+'.join(missing)}",
        path=(step,),
    )


def _working(analysis: Analysis) -> frozenset[int]:
    """Return the functions, by their blocks, that check, charge or initialise: what these print
    is about that, and no report."""
    known = accounted(analysis)
    return frozenset(
        id(function.function.blocks)
        for function in analysis.functions
        if any(
            isinstance(event, Check)
            or (isinstance(event, Charge | Init) and event.counter in known)
            for path in function.paths
            for event in path.events
        )
    )


def _reports(function: ir.Function) -> bool:
    """Tell whether a function calls something that prints."""
    reports = load_effects().reports
    return any(
        isinstance(each, ir.Call)
        and isinstance(each.function, ir.Name)
        and each.function.id in reports
        for block in function.blocks
        for each in block.instructions
    )


def _shown(analysis: Analysis, function: ir.Function) -> dict[str, int]:
    """Return the counters that a function reads, each with the first line on which it does."""
    found: dict[str, int] = {}
    for block in function.blocks:
        for each in block.instructions:
            values: tuple[ir.Expr, ...] = ()
            if isinstance(each, ir.Call):
                values = each.arguments
            elif isinstance(each, ir.Assign):
                values = (each.value,)
            for member in _members(values):
                tag = tag_of(analysis.program.type_of(member.base, function))
                counter = analysis.counters.counter(tag, member.field)
                if counter is not None:
                    found.setdefault(counter.id, function.line(each.span))
    return found


def _members(values: tuple[ir.Expr, ...]) -> Iterator[ir.Member]:
    """Yield all members that expressions name."""
    pending = list(values)
    while pending:
        match pending.pop():
            case ir.Member(base, _, _) as member:
                yield member
                pending.append(base)
            case ir.Index(base, index):
                pending += [base, index]
            case ir.Unary(_, operand) | ir.Cast(_, operand):
                pending.append(operand)
            case ir.Binary(_, left, right):
                pending += [left, right]
            case ir.Apply(_, arguments):
                pending += arguments
            case _:
                pass


RULE = Rule(
    id="report-one-counter",
    title="Report of one counter without the other",
    severity=Severity.NOTE,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

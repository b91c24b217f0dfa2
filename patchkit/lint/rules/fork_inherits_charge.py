# SPDX-License-Identifier: GPL-2.0-only
"""A copy made for another mm keeps what was charged to the first."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis, Path
from patchkit.lint.checks import accounted, fails, finding, key_of
from patchkit.lint.events import Event, Flag, Init
from patchkit.lint.examples import pair_of
from patchkit.lint.forking import given_away
from patchkit.lint.hooks import copied_mappings
from patchkit.lint.model import Finding, Severity, Step
from patchkit.lint.rule import Rule
from patchkit.lint.vma_flags import flags_of

WHY = """\
Memory locks and pins are not inherited by fork() (mlock(2)): the child has charged nothing, and its
pages are not held. A child whose VMAs keep VM_LOCKED, or whose counters start where the parent's
are, gives back on exit or munmap() what it never had, or is refused memory that it has not used. A
driver whose ->close() gives back a charge must keep its mapping out of the child (VM_DONTCOPY), or
charge again in ->open(), as perf does the former.
"""

TEXT = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

struct vm_area_struct *mapping_for_child(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *copy = vm_area_dup(vma);

	if (!copy)
		return NULL;
	copy->vm_mm = mm;
@@@	return copy;
}
"""

FAILING, PASSING = pair_of(
    TEXT,
    """""",
    """	vm_flags_clear(copy, VM_LOCKED_MASK);
""",
)


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    seen: set[tuple[object, ...]] = set()
    known = accounted(analysis)
    flags = flags_of(analysis)
    for function in analysis.functions:
        for path in function.paths:
            if fails(path):
                continue
            for event, what in _inherited(path, known):
                key = (*key_of(event.site), what)
                if key in seen:
                    continue
                seen.add(key)
                yield finding(
                    RULE,
                    path,
                    event,
                    f"{what} of the parent is inherited",
                    f"{what}",
                    f"the child gets {what} here, and keeps it",
                )
    for given in given_away(analysis, tuple(flags)):
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            file=given.function.path,
            line=given.given,
            function=given.function.name,
            message=f"the copy of a VMA that another mm gets keeps {given.flag}",
            subject=given.flag,
            path=(
                Step(given.function.path, given.copied, "the VMA is copied with its flags"),
                Step(given.function.path, given.given, f"another mm gets it, with {given.flag}"),
            ),
        )
    for copied in copied_mappings(analysis):
        what = f"{copied.counter} in close without VM_DONTCOPY"
        step = Step(copied.function.file, copied.line, "the mapping can be copied by fork()")
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            file=copied.function.file,
            line=copied.line,
            function=copied.function.name,
            message=f"a child's copy of this mapping gives back {copied.counter} that it was never"
            " charged: VM_DONTCOPY is not set",
            subject=what,
            path=copied.path.steps(step),
        )


def _inherited(path: Path, known: frozenset[str]) -> Iterator[tuple[Event, str]]:
    """Yield what a path lets a child inherit, with the event that does it."""
    copies: dict[tuple[str, str], Init] = {}
    for event in path.events:
        if isinstance(event, Init) and event.counter in known:
            key = (event.counter, event.owner.text)
            if _of_other(event):
                copies[key] = event
            else:
                copies.pop(key, None)
        if (
            isinstance(event, Flag)
            and not event.via
            and event.action == "assign"
            and event.target.tag == "mm_struct"
        ):
            atom = event.value.atom if event.value is not None else None
            if atom is not None and atom.kind == "field" and atom.name == "def_flags":
                yield event, "mm.def_flags"
    for (counter, _), copy in copies.items():
        if not copy.via:
            yield copy, counter


def _of_other(event: Init) -> bool:
    """Tell whether a counter is set to that of another owner."""
    atom = event.value.atom
    member = event.counter.partition(".")[2]
    return (
        atom is not None
        and atom.kind == "field"
        and atom.name == member
        and atom.args[0] != event.owner
    )


RULE = Rule(
    id="fork-inherits-charge",
    title="Child inherits a counter, a flag or a charged mapping",
    severity=Severity.ERROR,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

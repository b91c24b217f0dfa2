# SPDX-License-Identifier: GPL-2.0-only
"""A counter is changed after the reference to its owner was dropped."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from patchkit.lint import ir
from patchkit.lint.analysis import Analysis, FunctionPaths, Path
from patchkit.lint.checks import finding, key_of
from patchkit.lint.events import Charge, Event, Get, Init, Put, Site, Store, Use
from patchkit.lint.examples import pair_of
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule
from patchkit.lint.values import Value

WHY = """\
The reference that the charge holds keeps the mm (or the user) in memory. After mmdrop(), mmput() or
free_uid() it may be gone: the charge is taken from freed memory, which may be another process's mm
by then, or corrupts the slab. Change the counter first, drop the reference last, and free the
object that knows the owner after that.
"""

TEXT = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

struct window {
	struct mm_struct *mm;
	unsigned long pages;
};

int window_charge(struct window *w, unsigned long pages)
{
	struct mm_struct *mm = current->mm;
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	unsigned long total = mm->locked_vm + atomic64_add_return(pages, &mm->pinned_vm);

	if (total > limit && !capable(CAP_IPC_LOCK)) {
		atomic64_sub(pages, &mm->pinned_vm);
		return -ENOMEM;
	}
	mmgrab(mm);
	w->mm = mm;
	w->pages = pages;
	return 0;
}

void window_release(struct window *w)
{
@@@	kfree(w);
}
"""

FAILING, PASSING = pair_of(
    TEXT,
    """	mmdrop(w->mm);
	atomic64_sub(w->pages, &w->mm->pinned_vm);
""",
    """	atomic64_sub(w->pages, &w->mm->pinned_vm);
	mmdrop(w->mm);
""",
)


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    seen: set[tuple[object, ...]] = set()
    structs = frozenset(counter.struct for counter in analysis.counters.counters)
    for function in analysis.functions:
        for path, put, event, value in _too_late(function, structs):
            key = (*key_of(event.site), value.typed)
            if key in seen:
                continue
            seen.add(key)
            gone = "was freed" if put.free else "has lost its reference"
            yield finding(
                RULE,
                path,
                event,
                f"{value.placed} is used after {put.function}(): it {gone}",
                f"{value.typed} after {put.function}",
                f"{value.placed} {gone} above",
            )


@functools.lru_cache(maxsize=2048)
def _too_late(
    function: FunctionPaths, structs: frozenset[str]
) -> tuple[tuple[Path, Put, Event, Value], ...]:
    """Return the uses of what a function's paths have put."""
    return tuple(
        (path, put, event, value)
        for path in function.paths
        for put, event, value in _late(path, structs)
    )


_DEEP = 2
"""A reference that is dropped further down may have been taken there, unseen from here."""


def _late(path: Path, structs: frozenset[str]) -> Iterator[tuple[Put, Event, Value]]:
    """Yield the uses of what a path has put, with the put and what is used."""
    held: dict[str, int] = {}
    gone: dict[str, Put] = {}
    for event in path.events:
        match event:
            case Get():
                held[event.object.text] = held.get(event.object.text, 0) + 1
                gone.pop(event.object.text, None)
            case Put() if len(event.via) < (1 if _looked_up(event.object) else _DEEP):
                text = event.object.text
                held[text] = held.get(text, 0) - 1
                if event.free or held[text] < 0:
                    gone.setdefault(text, event)
            case Charge() | Init():
                if event.owner.text in gone and not (event.via and _looked_up(event.owner)):
                    yield gone[event.owner.text], event, event.owner
                else:
                    freed = _read_freed(path, event, gone)
                    if freed is not None:
                        yield freed, event, freed.object
            case Use() | Store() if not (event.via and _looked_up(event.object)):
                if event.object.text in gone and _matters(event, structs):
                    yield gone[event.object.text], event, event.object


def _looked_up(value: Value) -> bool:
    """Tell whether a value comes from a call: the next call may give another object. In one
    function, outside of what it calls, it is the same all the same."""
    return any(atom.kind == "call" for atom in value.atoms())


def _read_freed(path: Path, event: Event, gone: dict[str, Put]) -> Put | None:
    """Return the put that freed an object through which a statement reads."""
    freed = {
        name: put
        for put in gone.values()
        if put.free and not put.via and not _looked_up(put.object)
        for name in _names(path.function, put.site)
    }
    if not freed:
        return None
    reads = _names if event.via else _bases
    for name in reads(path.function, event.here):
        if name in freed:
            return freed[name]
    return None


def _at(function: ir.Function, site: Site) -> Iterator[ir.Expr]:
    """Yield the expressions that a statement reads."""
    for block in function.blocks:
        for each in block.instructions:
            if function.place(each.span) != site.span:
                continue
            if isinstance(each, ir.Call):
                yield from each.arguments
            elif isinstance(each, ir.Assign):
                yield each.value
                yield each.target


def _names(function: ir.Function, site: Site) -> Iterator[str]:
    """Yield the locals that a call gets as they are."""
    for each in _at(function, site):
        if isinstance(each, ir.Name):
            yield each.id


def _bases(function: ir.Function, site: Site) -> Iterator[str]:
    """Yield the locals through which a statement reads members."""
    pending = list(_at(function, site))
    while pending:
        match pending.pop():
            case ir.Member(ir.Name(name), _, True):
                yield name
            case ir.Member(base, _, _):
                pending.append(base)
            case ir.Unary(_, operand) | ir.Cast(_, operand):
                pending.append(operand)
            case ir.Binary(_, left, right):
                pending += [left, right]
            case ir.Index(base, index):
                pending += [base, index]
            case ir.Apply(_, arguments):
                pending += arguments
            case _:
                pass


def _matters(event: Use | Store, structs: frozenset[str]) -> bool:
    """Tell whether a read or write of a member has to do with accounting."""
    return event.tag in structs or isinstance(event, Use)


RULE = Rule(
    id="use-after-put",
    title="Counter or owner used after its reference was dropped",
    severity=Severity.ERROR,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

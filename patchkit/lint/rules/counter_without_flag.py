# SPDX-License-Identifier: GPL-2.0-only
"""A counter moves as if a flag changed, and the flag does not."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from patchkit.lint import ir
from patchkit.lint.analysis import Analysis, FunctionPaths, Path
from patchkit.lint.checks import fails, finding, key_of
from patchkit.lint.directions import direction
from patchkit.lint.events import Charge, Flag, Put, Store, Unknown
from patchkit.lint.examples import pair_of
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule
from patchkit.lint.values import Value, tag_of
from patchkit.lint.vma_flags import VMA, flag_tests, flags_of, fresh, is_vma, owner_of

WHY = """\
Pages of a mapping are in mm->locked_vm because its VMA is VM_LOCKED. A function that moves the
counter because of the flag (it tests VM_LOCKED and charges or uncharges) but leaves the flag as it
was has the pages counted wrongly from then on: the next munmap() or munlock() moves the counter
again.
"""

TEXT = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

int window_lock(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long pages = vma_pages(vma);
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	mmap_assert_write_locked(mm);
	if (vma->vm_flags & VM_LOCKED)
		return 0;
	if (mm->locked_vm + atomic64_read(&mm->pinned_vm) + pages > limit &&
		!capable(CAP_IPC_LOCK))
		return -ENOMEM;
	mm->locked_vm += pages;
	vm_flags_set(vma, VM_LOCKED);
	return 0;
}

void window_unlock(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	mmap_assert_write_locked(mm);
	if (vma->vm_flags & VM_LOCKED) {
		mm->locked_vm -= vma_pages(vma);
@@@	}
}
"""

FAILING, PASSING = pair_of(
    TEXT,
    """""",
    """		vm_flags_clear(vma, VM_LOCKED);
""",
)


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    seen: set[tuple[object, ...]] = set()
    for flag, counter in flags_of(analysis).items():
        for function in analysis.functions:
            decides = _decides(function, flag)
            for path, charge in _own_charges(function, counter):
                if fails(path):
                    continue
                if not decides and _hands_on(analysis, function):
                    continue
                vma = _left(path, charge, flag, decides)
                key = (*key_of(charge.site), flag)
                if vma is None or key in seen:
                    continue
                seen.add(key)
                yield finding(
                    RULE,
                    path,
                    charge,
                    f"{counter} changes as for a change of {flag}, and the flag stays as it was",
                    f"{counter} by {charge.amount.placed} without {flag}",
                    f"no path from here changes {flag} or the VMA",
                )


@functools.lru_cache(maxsize=2048)
def _own_charges(function: FunctionPaths, counter: str) -> tuple[tuple[Path, Charge], ...]:
    """Return the paths on which a function itself changes a counter, with the first change."""
    found = ((path, _own_charge(path, counter)) for path in function.paths)
    return tuple((path, charge) for path, charge in found if charge is not None)


def _own_charge(path: Path, counter: str) -> Charge | None:
    """Return the function's own change of a counter on a path."""
    for event in path.events:
        if isinstance(event, Charge) and event.counter == counter and not event.via:
            return event
    return None


@functools.lru_cache(maxsize=2048)
def _decides(function: FunctionPaths, flag: str) -> frozenset[str]:
    """Return the VMAs, as text, whose flag a function compares with another set of flags."""
    old: set[str] = set()
    new = False
    for path in function.paths:
        for flags, _ in flag_tests(path, flag):
            vma = owner_of(flags)
            if vma is None:
                new = new or _given(flags)
            elif not fresh(vma):
                old.add(vma.text)
    return frozenset(old) if new else frozenset()


def _given(flags: Value) -> bool:
    """Tell whether a set of flags is what the function was given."""
    return any(
        atom.kind == "param" or (atom.kind == "op" and any(_given(each) for each in atom.args))
        for atom in flags.atoms(deep=False)
    )


def _hands_on(analysis: Analysis, function: FunctionPaths) -> bool:
    """Tell whether a function hands a VMA to another one, which may do anything with it."""
    return any(
        isinstance(each, ir.Call)
        and any(
            tag_of(analysis.program.type_of(argument, function.function)) == VMA
            for argument in each.arguments
        )
        for block in function.function.blocks
        for each in block.instructions
    )


def _left(path: Path, charge: Charge, flag: str, decides: frozenset[str]) -> Value | None:
    """Return the VMA that a path tests for the flag and leaves as it was."""
    for event in path.events:
        if isinstance(event, Flag) and is_vma(event.target):
            return None
    if decides:
        return charge.owner
    if direction(charge.amount) >= 0:
        return None
    for flags, truth in flag_tests(path, flag, charge):
        vma = owner_of(flags)
        if vma is None or not truth:
            continue
        if not any(_touches(event, vma) for event in path.events):
            return vma
    return None


def _touches(event: object, vma: Value) -> bool:
    """Tell whether something happens to a VMA other than a read."""
    match event:
        case Store() | Put():
            return event.object == vma
        case Unknown():
            return vma in event.arguments
        case _:
            return False


RULE = Rule(
    id="counter-without-flag",
    title="Counter moved for a VMA whose flag stays as it is",
    severity=Severity.ERROR,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

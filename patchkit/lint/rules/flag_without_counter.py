# SPDX-License-Identifier: GPL-2.0-only
"""A VMA's flag is set or cleared and the counter that goes with it stays."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis, FunctionPaths, Path
from patchkit.lint.checks import Key, fails, finding, key_of
from patchkit.lint.directions import direction
from patchkit.lint.events import Charge, Flag
from patchkit.lint.examples import pair_of
from patchkit.lint.hooks import hooks
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule
from patchkit.lint.vma_flags import changes, flag_tests, flags_of, fresh, owner_of

WHY = """\
VM_LOCKED on a VMA means that its pages are in mm->locked_vm (VM_PINNED, where a tree has it:
mm->pinned_vm). munmap(), mremap() and exit look at the flag when they take pages from the counter.
A flag that is set without charging makes the counter fall below zero when the VMA goes; one that is
cleared without uncharging leaves the pages charged for as long as the process lives.
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
@@@		vm_flags_clear(vma, VM_LOCKED);
	}
}
"""

FAILING, PASSING = pair_of(
    TEXT,
    """""",
    """		mm->locked_vm -= vma_pages(vma);
""",
)


_DEPTH = 6


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    for flag, counter in flags_of(analysis).items():
        for function, path, change in _own_changes(analysis, flag):
            if not _settled(analysis, function, change, flag, counter, frozenset()):
                done = "set" if change.action == "set" else "cleared"
                yield finding(
                    RULE,
                    path,
                    change,
                    f"{flag} is {done} and {counter} does not change",
                    f"{change.action} {flag} of {change.target.typed}",
                    f"{flag} is {done} here, and no path from here changes {counter}",
                )


def _own_changes(analysis: Analysis, flag: str) -> Iterator[tuple[FunctionPaths, Path, Flag]]:
    """Yield every place that changes the flag, with a path on which the counter stays."""
    seen: set[tuple[Key, str]] = set()
    for function in analysis.functions:
        for path in function.paths:
            for change in changes(path, flag):
                key = (key_of(change.site), change.action)
                if not change.via and key not in seen:
                    seen.add(key)
                    yield function, path, change


def _settled(
    analysis: Analysis,
    function: FunctionPaths,
    change: Flag,
    flag: str,
    counter: str,
    visited: frozenset[FunctionPaths],
) -> bool:
    """Tell whether the counter moves with a change, here or in every caller."""
    open_paths = False
    for path in function.paths:
        for each in changes(path, flag):
            if key_of(each.site) != key_of(change.site) or fails(path):
                continue
            if not _moves(analysis, function, path, each, flag, counter):
                open_paths = True
    if not open_paths or len(visited) > _DEPTH:
        return True
    if function.name in hooks(analysis, function.file):
        return True
    callers = {site.caller for site in analysis.callers(function)} - visited - {function}
    return bool(callers) and all(
        _settled(analysis, caller, change, flag, counter, visited | {function})
        for caller in callers
    )


def _handed_on(analysis: Analysis, path: Path, counter: str) -> bool:
    """Tell whether other pages enter the address space on the path without being counted: then
    what the VMA was charged for is theirs from now on (mremap with MREMAP_DONTUNMAP)."""
    companions = {each.id for each in analysis.counters.companions if each.of == counter}
    return any(
        isinstance(event, Charge) and event.counter in companions and direction(event.amount) > 0
        for event in path.events
    )


def _moves(
    analysis: Analysis,
    function: FunctionPaths,
    path: Path,
    change: Flag,
    flag: str,
    counter: str,
) -> bool:
    """Tell whether the counter moves on a path that changes the flag, or need not."""
    if fresh(change.target) and change.action == "clear":
        return True
    before = [truth for flags, truth in flag_tests(path, flag, change) if _about(flags, change)]
    if before and before[-1] == (change.action == "set"):
        return True
    if any(isinstance(event, Charge) and event.counter == counter for event in path.events):
        return True
    if change.action == "clear" and _handed_on(analysis, path, counter):
        return True
    return change.action == "clear" and _not_yet(function, path, change, flag, counter)


def _about(flags: object, change: Flag) -> bool:
    owner = owner_of(flags)  # type: ignore[arg-type]
    return owner is not None and owner == change.target


def _not_yet(function: FunctionPaths, path: Path, change: Flag, flag: str, counter: str) -> bool:
    """Tell whether the flag is taken off a VMA that has not been counted: the path has found the
    flag set, and the function charges where it leaves the flag."""
    found = [flags for flags, truth in flag_tests(path, flag, change) if truth]
    if not found:
        return False
    for other in function.paths:
        if any(flags in found and truth for flags, truth in flag_tests(other, flag)) and any(
            isinstance(event, Charge)
            and event.counter == counter
            and direction(event.amount) > 0
            and not event.via
            for event in other.events
        ):
            return not any(True for _ in changes(other, flag))
    return False


RULE = Rule(
    id="flag-without-counter",
    title="VMA flag changed without moving the counter",
    severity=Severity.ERROR,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

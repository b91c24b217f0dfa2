# SPDX-License-Identifier: GPL-2.0-only
"""A counter is changed after the reference to its owner was dropped."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis, Path
from patchkit.lint.checks import finding, key_of
from patchkit.lint.events import Charge, Event, Get, Init, Put, Store, Use
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
    structs = {counter.struct for counter in analysis.counters.counters}
    for function in analysis.functions:
        for path in function.paths:
            for put, event, value in _late(path, structs):
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


def _late(path: Path, structs: set[str]) -> Iterator[tuple[Put, Event, Value]]:
    """Yield the uses of what a path has put, with the put and what is used."""
    held: dict[str, int] = {}
    gone: dict[str, Put] = {}
    for event in path.events:
        match event:
            case Get():
                held[event.object.text] = held.get(event.object.text, 0) + 1
                gone.pop(event.object.text, None)
            case Put():
                text = event.object.text
                held[text] = held.get(text, 0) - 1
                if event.free or held[text] < 0:
                    gone.setdefault(text, event)
            case Charge() | Init():
                if event.owner.text in gone:
                    yield gone[event.owner.text], event, event.owner
            case Use() | Store():
                if event.object.text in gone and _matters(event, structs):
                    yield gone[event.object.text], event, event.object


def _matters(event: Use | Store, structs: set[str]) -> bool:
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

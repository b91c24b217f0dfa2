# SPDX-License-Identifier: GPL-2.0-only
"""An amount that may need more goes through a variable or cast of 32 bits."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis, Path
from patchkit.lint.checks import Key, charges, finding, key_of, places
from patchkit.lint.events import Charge
from patchkit.lint.examples import pair_of
from patchkit.lint.ledger_paths import direction
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule
from patchkit.lint.widths import wide

WHY = """\
32 bits hold 8 TiB of 4 KiB pages with a sign, 16 TiB without, and a process on a 64-bit machine can
map 128 TiB and more. A count that goes through an int or u32 loses its upper half or becomes
negative: a huge request is charged as a small one, or uncharges. With mlock2(MLOCK_ONFAULT) or
sparse registrations no memory of that size is needed to get there.
"""

TEXT = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

struct window {
	struct mm_struct *mm;
	unsigned long pages;
};

int window_charge(struct window *w, unsigned long start, unsigned long end)
{
	struct mm_struct *mm = current->mm;
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	@@@ pages = (end - start) >> PAGE_SHIFT;
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
	atomic64_sub(w->pages, &w->mm->pinned_vm);
	mmdrop(w->mm);
	kfree(w);
}
"""

FAILING, PASSING = pair_of(
    TEXT,
    """int""",
    """unsigned long""",
)


_DEPTH = 3
"""How many calls may lie between the variable and the charge."""


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    told: set[tuple[str, ...]] = set()
    seen = charges(analysis)
    nearest: dict[tuple[Key, str], int] = {}
    for _, _, charge in seen:
        for through in charge.narrow:
            at = (key_of(charge.site), through)
            nearest[at] = min(nearest.get(at, _DEPTH), len(charge.via))
    first: dict[tuple[str, ...], tuple[tuple[bool, str], Path, Charge]] = {}
    for _, path, charge in seen:
        if not charge.narrow or len(charge.via) > nearest[key_of(charge.site), charge.narrow[0]]:
            continue
        if not wide(charge.amount, path, charge):
            continue
        amount = -charge.amount if charge.amount.negative else charge.amount
        where = (charge.here.file, charge.here.function, charge.narrow[0])
        rank = (direction(charge) < 0, f"{charge.counter} by {amount.placed}")
        if where not in first or rank < first[where][0]:
            first[where] = (rank, path, charge)
    told.update(first)
    for (_, subject), path, charge in first.values():
        yield finding(
            RULE,
            path,
            charge,
            f"the amount of {charge.counter} goes through 32 bits ({charge.narrow[0]})",
            subject,
            "the upper half of the count is lost",
            here=True,
        )
    for place in places(analysis):
        if place.own is None:
            continue
        path, limit = (*place.own[1].over, *place.own[1].under)[0]
        if not limit.narrow:
            continue
        key = (limit.site.file, limit.site.function, limit.narrow[0])
        if key in told or not wide(limit.request, path, limit):
            continue
        told.add(key)
        yield finding(
            RULE,
            path,
            limit,
            f"what is compared with {limit.resource} goes through 32 bits ({limit.narrow[0]})",
            f"check of {limit.request.placed}",
            "the upper half of the count is lost before the comparison",
        )


RULE = Rule(
    id="count-truncated",
    title="Count of pages truncated to 32 bits",
    severity=Severity.WARNING,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

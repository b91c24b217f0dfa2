# SPDX-License-Identifier: GPL-2.0-only
"""An amount that may need more goes through a variable or cast of 32 bits."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis
from patchkit.lint.checks import charges, finding
from patchkit.lint.examples import pair_of
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


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    seen: set[tuple[str, str, str]] = set()
    for _, path, charge in charges(analysis):
        if not charge.narrow or charge.via:
            continue
        amount = -charge.amount if charge.amount.negative else charge.amount
        subject = f"{charge.counter} by {amount.placed}"
        if (charge.site.file, charge.site.function, subject) in seen:
            continue
        if wide(charge.amount, path, charge):
            seen.add((charge.site.file, charge.site.function, subject))
            yield finding(
                RULE,
                path,
                charge,
                f"the amount of {charge.counter} goes through 32 bits ({charge.narrow[0]})",
                subject,
                "the upper half of the count is lost",
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

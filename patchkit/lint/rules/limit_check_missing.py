# SPDX-License-Identifier: GPL-2.0-only
"""A charge is not compared with the limit, neither before nor after."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis, Path
from patchkit.lint.checks import Key, finding, key_of, whole_limit
from patchkit.lint.directions import direction
from patchkit.lint.events import Charge, Check, Outcome
from patchkit.lint.examples import pair_of
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule

WHY = """\
Pages that are charged but never compared with RLIMIT_MEMLOCK are shown in /proc/PID/status and
bound nothing: an unprivileged process can pin as much memory as it likes through this path, and
then even its small requests elsewhere fail because the counter is high.
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

@@@	pr_debug("%lu of %lu pages\n", total, limit);
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
    """""",
    """	if (total > limit && !capable(CAP_IPC_LOCK)) {
		atomic64_sub(pages, &mm->pinned_vm);
		return -ENOMEM;
	}
""",
)


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    pairs = {counter: pair for pair in analysis.counters.pairs for counter in pair.counters}
    first: dict[Key, tuple[Path, Charge]] = {}
    compared: set[Key] = set()
    for function in analysis.functions:
        for path in function.paths:
            limits = {
                event.resource
                for event in path.events
                if isinstance(event, Check)
                and whole_limit(event)
                and (event.counters or event.charged)
            }
            for event in path.events:
                if not isinstance(event, Charge) or event.counter not in pairs:
                    continue
                key = key_of(event.site)
                if pairs[event.counter].limit in limits:
                    compared.add(key)
                elif _grows(event) and path.outcome != Outcome.FAILURE:
                    first.setdefault(key, (path, event))
    for key, (path, charge) in first.items():
        if key not in compared:
            yield finding(
                RULE,
                path,
                charge,
                f"{charge.counter} grows and is never compared with {pairs[charge.counter].limit}",
                f"{charge.counter} by {charge.amount.placed}",
                "no path that leads here, or goes on from here, compares with the limit",
            )


def _grows(charge: Charge) -> bool:
    """Tell whether the counter goes up for sure."""
    return direction(charge.amount) > 0


RULE = Rule(
    id="limit-check-missing",
    title="Charge that is never compared with the limit",
    severity=Severity.WARNING,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

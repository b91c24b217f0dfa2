# SPDX-License-Identifier: GPL-2.0-only
"""One counter of a pair is initialised and the other is not."""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis
from patchkit.lint.checks import fails, finding, key_of
from patchkit.lint.events import Init
from patchkit.lint.examples import pair_of
from patchkit.lint.model import Finding, Severity
from patchkit.lint.rule import Rule

WHY = """\
A new mm is a copy of its parent's, or what the slab held before: each counter starts where that one
was. Charges that are not its own make /proc/PID/status wrong, count against the limit of the new
process, and trip the checks for leaks when it exits. Set every counter of the pair to 0 where one
of them is.
"""

TEXT = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

struct mm_struct *window_mm(struct mm_struct *mm)
{
	mm->locked_vm = 0;
@@@	return mm;
}
"""

FAILING, PASSING = pair_of(
    TEXT,
    """""",
    """	atomic64_set(&mm->pinned_vm, 0);
""",
)


def check(analysis: Analysis) -> Iterator[Finding]:
    """Yield the findings."""
    seen: set[tuple[object, ...]] = set()
    for function in analysis.functions:
        for path in function.paths:
            if fails(path):
                continue
            fresh: dict[str, dict[str, Init]] = {}
            for event in path.events:
                if isinstance(event, Init) and event.value.constant == 0:
                    fresh.setdefault(event.owner.text, {})[event.counter] = event
            for pair in analysis.counters.pairs:
                for done in fresh.values():
                    missing = [counter for counter in pair.counters if counter not in done]
                    present = [counter for counter in pair.counters if counter in done]
                    if not missing or not present or done[present[0]].via:
                        continue
                    event = done[present[0]]
                    key = (*key_of(event.site), *missing)
                    if key in seen:
                        continue
                    seen.add(key)
                    yield finding(
                        RULE,
                        path,
                        event,
                        f"{' and '.join(missing)} of a new owner keeps what it held",
                        f"{'+'.join(missing)} of {event.owner.typed}",
                        f"{present[0]} is set to 0 here, {' and '.join(missing)} nowhere",
                    )


RULE = Rule(
    id="mm-not-initialised",
    title="New owner whose counters are not all initialised",
    severity=Severity.ERROR,
    why=WHY,
    failing=FAILING,
    passing=PASSING,
    check=check,
)

# SPDX-License-Identifier: GPL-2.0-only
"""When a defect counts as found, and an edit as harmless."""

from __future__ import annotations

from mutants.engine import Outcome
from mutants.model import Mutant
from patchkit.lint.model import Finding

_LOST = ("charge-left-on-error", "release-without-uncharge")
_PAIRS = (*_LOST, "charge-missing", "double-charge", "double-uncharge", "guard-differs",
          "uncharge-amount-differs", "uncharge-counter-differs", "uncharge-mm-differs")  # fmt: skip

RULES: dict[str, tuple[str, ...]] = {
    "delete-charge": (
        "charge-missing", "double-uncharge", "guard-differs",
        "flag-without-counter", "limit-check-ignores-request",
    ),
    "delete-uncharge": (*_LOST, "guard-differs", "flag-without-counter", "double-charge"),
    "delete-release": (*_LOST, "guard-differs"),
    "delete-init": ("mm-not-initialised",),
    "delete-report": ("report-one-counter",),
    "report-other": ("report-one-counter",),
    "duplicate-charge": ("double-charge", "uncharge-amount-differs", *_LOST),
    "duplicate-uncharge": ("double-uncharge", "uncharge-amount-differs", "charge-missing"),
    "conditional-charge": ("guard-differs", "charge-missing", "double-uncharge"),
    "conditional-uncharge": ("guard-differs", *_LOST),
    "unconditional-charge": ("guard-differs", "double-charge", *_LOST),
    "unconditional-uncharge": ("guard-differs", "double-uncharge", "charge-missing"),
    "early-return": ("guard-differs", *_LOST),
    "opposite-sign": (*_PAIRS, "flag-without-counter"),
    "after-put": ("use-after-put",),
    "return-past": _LOST,
    "goto-past": _LOST,
    "goto-above": ("double-uncharge", "charge-missing", "guard-differs"),
    "other-counter": (
        "uncharge-counter-differs", *_LOST, "charge-missing", "counter-without-flag",
        "flag-without-counter", "plain-counter-unlocked", "limit-check-one-counter",

    ),
    "other-owner": ("uncharge-mm-differs", *_LOST, "charge-missing"),
    "amount-term": ("uncharge-amount-differs",),
    "amount-bytes": ("uncharge-amount-differs", "bytes-for-pages"),
    "amount-32bit": ("count-truncated",),
    "local-32bit": ("count-truncated",),
    "amount-variable": ("uncharge-amount-differs", "bytes-for-pages", "charge-missing", *_LOST),
    "amount-clamp": ("uncharge-amount-differs",),
    "amount-set": ("uncharge-amount-differs", "counter-overwritten"),
    "store-for-add": ("counter-overwritten",),
    "not-atomic": ("atomic-counter-plain",),
    "check-usage": ("limit-check-ignores-usage",),
    "check-request": ("limit-check-ignores-request",),
    "check-twice": ("limit-check-counts-twice",),
    "check-capability": ("limit-check-capability",),
    "check-direction": ("limit-check-direction",),
    "check-bytes": ("bytes-for-pages",),
    "check-deleted": ("limit-check-missing",),
    "read-lock": ("plain-counter-unlocked",),
    "no-lock": ("plain-counter-unlocked",),
    "flag-kept": ("flag-without-counter", "counter-without-flag"),
    "flag-set": ("flag-without-counter",),
    "fork-keeps-flag": ("fork-inherits-charge",),
    "fork-copies": ("fork-inherits-charge",),
}  # fmt: skip
"""Which rules say what is wrong. More than one where a defect has two ends, or two names."""


def _rules_of_case(identity: str) -> tuple[str, ...]:
    from mutants import cases

    return next(cases.RULES[case.kind] for case in cases.cases() if case.id == identity)


def _names(finding: Finding, mutant: Mutant) -> bool:
    return finding.function == mutant.function or finding.function in mutant.partners


def telling(mutant: Mutant, outcome: Outcome) -> list[Finding]:
    """Return the new findings that say what is wrong with a mutant, where it is wrong."""
    rules = RULES.get(mutant.operator) or _rules_of_case(mutant.operator)
    return [f for f in outcome.more if f.rule in rules and _names(f, mutant)]


def judge(mutant: Mutant, outcome: Outcome) -> bool:
    """Tell whether a defect was found; for a harmless edit, whether nothing changed."""
    if outcome.failed:
        return False
    if mutant.harmless:
        return not outcome.more and not outcome.fewer
    return bool(telling(mutant, outcome))

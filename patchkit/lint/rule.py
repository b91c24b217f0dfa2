# SPDX-License-Identifier: GPL-2.0-only
"""What a rule is, and where rules come from."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from patchkit.lint import rules as built_in
from patchkit.lint.model import Finding, Severity

if TYPE_CHECKING:
    from patchkit.lint.analysis import Analysis

GROUP = "patchkit.lint.rules"
"""The entry point group of rules made elsewhere; each entry names a Rule."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of defect.

    *id* is stable, lower case with dashes. *why* says what goes wrong on a running system.
    *failing* and *passing* are complete C files that differ in the defect only; they are shown by
    ``patchkit explain`` and run by the tests. *check* yields the findings of a whole analysis.
    """

    id: str
    title: str
    severity: Severity
    why: str
    failing: str
    passing: str
    check: Callable[[Analysis], Iterator[Finding]]


@functools.cache
def load_rules() -> tuple[Rule, ...]:
    """Return all rules, ours and those of the entry point group, by id."""
    found: list[Rule] = []
    for module in pkgutil.iter_modules(built_in.__path__):
        found.append(importlib.import_module(f"{built_in.__name__}.{module.name}").RULE)
    found += [entry.load() for entry in entry_points(group=GROUP)]
    return tuple(sorted(found, key=lambda rule: rule.id))

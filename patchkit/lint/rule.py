# SPDX-License-Identifier: GPL-2.0-only
"""What a rule is, and where rules come from."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from patchkit.errors import UserError
from patchkit.lint import rules as built_in
from patchkit.lint.model import Finding, Severity
from patchkit.lint.others import GROUP

if TYPE_CHECKING:
    from patchkit.lint.analysis import Analysis


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
    """Return all rules, ours and those of the entry point group, by id.

    UserError, naming the package, for an entry point that cannot be loaded or is no new Rule.
    """
    found: dict[str, Rule] = {}
    for module in pkgutil.iter_modules(built_in.__path__):
        rule: Rule = importlib.import_module(f"{built_in.__name__}.{module.name}").RULE
        found[rule.id] = rule
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value)):
        rule = _load(entry)
        if rule.id in found:
            raise _refused(entry, f"there is a rule {rule.id!r} already")
        found[rule.id] = rule
    return tuple(sorted(found.values(), key=lambda rule: rule.id))


def _load(entry: EntryPoint) -> Rule:
    try:
        rule = entry.load()
    except Exception as error:  # it is anybody's code
        raise _refused(entry, f"{type(error).__name__}: {error}") from error
    if not isinstance(rule, Rule):
        raise _refused(entry, f"expected a patchkit.lint.rule.Rule, found {type(rule).__name__}")
    return rule


def _refused(entry: EntryPoint, why: str) -> UserError:
    package = entry.dist.name if entry.dist is not None else "an installed package"
    return UserError(
        f"{package}: the lint rule {entry.name} = {entry.value} cannot be used: {why}",
        hint=f"pip uninstall {package}, or a version of it that works with this patchkit",
    )

# SPDX-License-Identifier: GPL-2.0-only
"""Whether a path of a function ends well: from what it returns, and what the others return."""

from __future__ import annotations

from dataclasses import dataclass

from patchkit.lint.algebra import apply
from patchkit.lint.conditions import compare, truth
from patchkit.lint.events import Outcome
from patchkit.lint.state import Facts, State, error_number
from patchkit.lint.values import ZERO, Value

_HANDLED = frozenset({"VM_FAULT_NOPAGE", "VM_FAULT_LOCKED", "VM_FAULT_MAJOR", "VM_FAULT_DONE_COW"})
"""What a fault handler returns when it has done its work."""
_BOOLEAN = frozenset({"bool", "_Bool"})


@dataclass(frozen=True, slots=True)
class Returns:
    """What a function's return values mean, seen over all of them."""

    type: str
    errors: bool
    """Error numbers or negative values are among them."""
    only_truth: bool
    """Nothing but 0 and 1 is."""
    zero: bool
    other: bool
    """Something that is not 0 is."""


def meaning(type_: str, results: list[tuple[Value, State]]) -> Returns:
    """Return what the values mean that a function returns."""
    type_ = type_.removeprefix("const ").strip()
    errors = any(_error(value, state.facts) for value, state in results)
    constants = {value.constant for value, _ in results}
    return Returns(
        type_,
        errors,
        constants == {0, 1},
        any(state.facts.decide(compare(value, "==", ZERO)) for value, state in results),
        any(not value.zero for value, _ in results),
    )


def classify(value: Value | None, state: State, returns: Returns) -> str:
    """Return the outcome of a path that returns *value*."""
    if value is None or returns.type == "void":
        return Outcome.VOID
    if _error(value, state.facts):
        return Outcome.FAILURE
    if "*" in returns.type:
        return _of_pointer(value, state.facts, returns)
    if returns.type in _BOOLEAN or (returns.only_truth and not returns.errors):
        return _of_truth(value, state.facts)
    return _of_number(value, state.facts, returns)


def _error(value: Value, facts: Facts) -> bool:
    """Tell whether a value is an error number, or negative."""
    if error_number(value):
        return True
    constant = value.constant
    if constant is not None:
        return constant < 0
    atom = value.atom
    if atom is not None and atom.kind == "global" and atom.name.startswith("VM_FAULT_"):
        return atom.name not in _HANDLED
    if atom is not None and atom.name == "vmf_error":
        return True
    return facts.decide(compare(value, "<", ZERO)) is True


def _of_pointer(value: Value, facts: Facts, returns: Returns) -> str:
    null = facts.decide(compare(value, "==", ZERO))
    if null:
        return Outcome.FAILURE if returns.other else Outcome.SUCCESS
    atom = value.atom
    if null is False or (atom is not None and atom.kind in ("address", "param", "alloc", "field")):
        return Outcome.SUCCESS
    if facts.decide(compare(value, ">", ZERO)):
        return Outcome.SUCCESS
    error = facts.decide(truth(apply("IS_ERR", (value,))))
    if error is not None:
        return Outcome.FAILURE if error else Outcome.SUCCESS
    return Outcome.UNKNOWN


def _of_truth(value: Value, facts: Facts) -> str:
    truth = facts.decide(compare(value, "!=", ZERO))
    if truth is None:
        return Outcome.UNKNOWN
    return Outcome.SUCCESS if truth else Outcome.FAILURE


def _of_number(value: Value, facts: Facts, returns: Returns) -> str:
    if facts.decide(compare(value, ">=", ZERO)) or facts.decide(compare(value, ">", ZERO)):
        return Outcome.SUCCESS
    if facts.decide(compare(value, "==", ZERO)):
        return Outcome.SUCCESS
    if facts.decide(compare(value, "!=", ZERO)):
        return Outcome.FAILURE if returns.zero else Outcome.UNKNOWN
    atom = value.atom
    if atom is None or atom.kind not in ("call", "choice", "local"):
        return Outcome.SUCCESS if returns.errors else Outcome.UNKNOWN
    return Outcome.UNKNOWN

# SPDX-License-Identifier: GPL-2.0-only
"""Canonical conditions: a value compared with zero, or a pointer that holds an error.

``a < b``, ``b > a`` and ``!(a >= b)`` are one condition. A test that is not arithmetic, such as
``IS_ERR(p)`` or ``capable(CAP_IPC_LOCK)``, is a value that is zero or not.
"""

from __future__ import annotations

from dataclasses import dataclass

from patchkit.lint.values import ZERO, Value

_NEGATED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", "<=": ">", ">": "<="}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_IMPLIED = {
    "==": {"==", "<=", ">="},
    "<": {"<", "<=", "!="},
    ">": {">", ">=", "!="},
    "<=": {"<="},
    ">=": {">="},
    "!=": {"!="},
}
"""What a relation of a value with zero implies for the same value."""


@dataclass(frozen=True, slots=True)
class Condition:
    """``value relation 0``; make one with ``compare`` or ``truth``."""

    value: Value
    relation: str

    @property
    def text(self) -> str:
        """Such as ``a - b < 0``."""
        return f"{self.value.text} {self.relation} 0"

    @property
    def typed(self) -> str:
        """The text with roots replaced by their types."""
        return f"{self.value.typed} {self.relation} 0"

    @property
    def placed(self) -> str:
        """The text with every member as ``tag.member``."""
        return f"{self.value.placed} {self.relation} 0"

    def negated(self) -> Condition:
        """Return the condition that holds when this one does not."""
        return Condition(self.value, _NEGATED[self.relation])

    def known(self) -> bool | None:
        """Return whether the condition holds if that needs no knowledge, else None."""
        constant = self.value.constant
        return None if constant is None else _holds(constant, self.relation)

    def implies(self, other: Condition) -> bool:
        """Tell whether *other* holds wherever this one does (a few simple cases)."""
        if self.value == other.value:
            return other.relation in _IMPLIED[self.relation]
        return self._bounds(other)

    def _bounds(self, other: Condition) -> bool:
        """Tell whether *other* follows because the values differ by a constant only."""
        offset = (other.value - self.value).constant
        if offset is None:
            return False
        if self.relation == "==":
            return _holds(offset, other.relation)
        if self.relation in ("<", "<="):
            limit = offset - (self.relation == "<")  # other.value <= limit
            return (other.relation in ("<", "!=") and limit < 0) or (
                other.relation == "<=" and limit <= 0
            )
        if self.relation in (">", ">="):
            limit = offset + (self.relation == ">")  # other.value >= limit
            return (other.relation in (">", "!=") and limit > 0) or (
                other.relation == ">=" and limit >= 0
            )
        return False

    def excludes(self, other: Condition) -> bool:
        """Tell whether *other* cannot hold where this one does (a few simple cases)."""
        return self.implies(other.negated())


def _holds(value: int, relation: str) -> bool:
    """Tell whether an integer is in a relation with zero."""
    return {
        "==": value == 0,
        "!=": value != 0,
        "<": value < 0,
        "<=": value <= 0,
        ">": value > 0,
        ">=": value >= 0,
    }[relation]


def compare(left: Value, relation: str, right: Value) -> Condition:
    """Return ``left relation right``, canonical."""
    difference = left - right
    atom = difference.atom
    if atom is not None and atom.kind == "test" and relation != ">=":
        inner = compare(atom.args[0], atom.name, ZERO)
        if relation in ("!=", ">"):
            return inner
        if relation in ("==", "<="):
            return inner.negated()
    if _leading(difference) < 0:
        return Condition(-difference, _MIRRORED[relation])
    return Condition(difference, relation)


def _leading(value: Value) -> int:
    """Return the factor that decides about the sign: that of the first term by typed text, so that
    names of locals do not matter."""
    if len(value.terms) == 1:
        return value.terms[0][1] if value.terms[0][0] else 1
    products = [
        ("*".join(sorted(atom.typed for atom in product)), factor)
        for product, factor in value.terms
        if product
    ]
    return min(products)[1] if products else 1


def truth(value: Value) -> Condition:
    """Return the condition that a value is not zero."""
    return compare(value, "!=", ZERO)

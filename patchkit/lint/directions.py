# SPDX-License-Identifier: GPL-2.0-only
"""Whether an amount adds to a counter or takes from it."""

from __future__ import annotations

from patchkit.lint.values import Product, Value

_ENDS = ("vm_end", "vm_start")


def direction(amount: Value) -> int:
    """Return 1 for an amount that is added, -1 for one that is given back, 0 if both may be.

    The size of a mapping, from ``vm_start`` to ``vm_end``, is above zero.
    """
    factors = {_end(product): factor for product, factor in amount.terms if _end(product)}
    signs = {factor > 0 for product, factor in amount.terms if not _end(product) and product}
    if "vm_end" in factors and "vm_start" in factors:
        signs.add(factors["vm_end"] > 0)
    elif factors:
        signs |= {factor > 0 for factor in factors.values()}
    if not signs:
        constant = amount.constant or 0
        return (constant > 0) - (constant < 0)
    if len(signs) > 1:
        return 0
    return 1 if signs.pop() else -1


def _end(product: Product) -> str:
    """Return which end of a mapping a product is; empty if it is none."""
    for atom in product:
        for inner in (atom, *(each for value in atom.args for each in value.atoms(deep=False))):
            if inner.kind == "field" and inner.name in _ENDS:
                return inner.name
    return ""

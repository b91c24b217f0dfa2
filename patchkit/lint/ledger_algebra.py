# SPDX-License-Identifier: GPL-2.0-only
"""What the ledger does with values: put others in their place, and reduce them by equalities."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from patchkit.lint.algebra import PAGE_SIZE, rebuild
from patchkit.lint.conditions import Condition, compare
from patchkit.lint.values import (
    ZERO,
    Atom,
    Product,
    Value,
    deref,
    element,
    field,
    number,
    single,
)

Replace = Callable[[Atom], Value | None]


def replaced(value: Value, replace: Replace) -> Value:
    """Return *value* with every atom for which *replace* gives a value replaced by that.

    Inner atoms come first; operations on what changed are normalised anew.
    """
    total = ZERO
    changed = False
    for product, factor in value.terms:
        term = number(factor)
        for atom in product:
            new = _replaced_atom(atom, replace)
            if new is None:
                term = term * single(atom)
            else:
                changed = True
                term = term * new
        total = total + term
    return total if changed else value


def _replaced_atom(atom: Atom, replace: Replace) -> Value | None:
    """Return what stands for *atom* now, None if nothing changed in it."""
    direct = replace(atom)
    if direct is not None:
        return direct
    if not atom.args:
        return None
    args = tuple(replaced(each, replace) for each in atom.args)
    if all(new is old for new, old in zip(args, atom.args, strict=True)):
        return None
    built = _rebuilt(atom, args)
    again = built.atom
    if again is not None and again.kind == "field":
        return replace(again) or built
    return built


def _rebuilt(atom: Atom, args: tuple[Value, ...]) -> Value:
    """Return an atom with other arguments."""
    if atom.kind == "field":
        return field(args[0], atom.tag, atom.name, atom.type)
    if atom.kind == "deref":
        return deref(args[0], atom.type)
    if atom.kind == "element":
        return element(args[0], args[1], atom.type)
    built = rebuild(atom, args)
    if built is not None:
        return built
    text = f"{atom.name}({', '.join(each.text for each in args)})"
    return single(Atom(atom.kind, atom.name, args, text=text, type_=atom.type, tag=atom.tag))


def place(atom: Atom) -> str:
    """Return ``tag.member`` of a member, else an empty text."""
    return f"{atom.tag}.{atom.name}" if atom.kind == "field" and atom.tag else ""


def members(value: Value) -> set[str]:
    """Return the members (``tag.member``) that occur in a value, at any depth."""
    return {name for atom in value.atoms() if (name := place(atom))}


def replayed(value: Value, state: Mapping[str, Value]) -> Value:
    """Return *value* with members replaced by what *state* says they hold, by ``tag.member``."""
    return replaced(value, lambda atom: state.get(place(atom)) if atom.tag else None)


def unrounded(value: Value) -> Value:
    """Return a value in bytes with ``PAGE_SIZE * PFN_DOWN(x)`` taken for x: enough to compare."""
    page = PAGE_SIZE.terms[0][0][0]
    total = ZERO
    for product, factor in value.terms:
        down = [atom for atom in product if atom.kind == "op" and atom.name == "PFN_DOWN"]
        if down and page in product:
            rest = list(product)
            rest.remove(page)
            rest.remove(down[0])
            inner = down[0].args[0]
            for atom in rest:
                inner = inner * single(atom)
            total = total + inner * number(factor)
        else:
            total = total + Value(((product, factor),))
    return total


_UNSIGNED = re.compile(r"unsigned\b|\bu(8|16|32|64)\b|\bsize_t\b|__u|uint")


def _none(condition: Condition) -> bool:
    """Tell whether a condition leaves an unsigned value nothing but 0."""
    atom = condition.value.atom
    if atom is None or condition.relation != "<=" or atom.type.endswith("*"):
        return False
    return bool(_UNSIGNED.search(atom.type)) and "ssize_t" not in atom.type


class Equalities:
    """What a path's conditions say is equal, to be used on sums."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        self._rows: list[tuple[Product, Value]] = []
        self._zeros: set[str] = set()
        for condition in conditions:
            if condition.relation == "==" or _none(condition):
                self._add(condition.value)

    def _add(self, value: Value) -> None:
        """Take in that *value* is 0."""
        value = self.reduce(value)
        atom = value.atom or (-value).atom
        if atom is not None:
            self._zeros.add(atom.text)
        best: tuple[tuple[bool, int, str], Product, int] | None = None
        for product, factor in value.terms:
            if product and abs(factor) == 1:
                text = "*".join(atom.text for atom in product)
                key = (any(atom.kind in ("call", "sum") for atom in product), len(text), text)
                if best is None or key > best[0]:
                    best = (key, product, factor)
        if best is not None:
            self._rows.append((best[1], value if best[2] == 1 else -value))

    def reduce(self, value: Value) -> Value:
        """Return *value* with what is known to be equal to something simpler replaced by it."""
        for product, row in self._rows:
            for own, factor in value.terms:
                if own == product:
                    value = value - row * number(factor)
                    break
        if self._zeros and any(
            inner.text in self._zeros
            for atom in value.atoms(deep=False)
            for arg in atom.args
            for inner in arg.atoms(deep=False)
        ):
            value = replaced(value, lambda atom: ZERO if atom.text in self._zeros else None)
        return value

    def same(self, left: Value, right: Value) -> bool:
        """Tell whether two values are equal, as far as the conditions say."""
        return left == right or self.reduce(left - right).zero


NO_EQUALITIES = Equalities(())


def vague(value: Value) -> bool:
    """Tell whether a value went through a loop, so that its text is no identity."""
    return any(
        atom.kind == "sum" or (atom.kind == "local" and not atom.type.endswith("*"))
        for atom in value.atoms()
    )


def decided(
    condition: Condition, state: Mapping[str, Value], known: Iterable[Condition]
) -> bool | None:
    """Tell whether *condition* holds in *state*, given that *known* holds; None if that is open."""
    value = replayed(condition.value, state)
    new = compare(value, condition.relation, ZERO)
    answer = new.known()
    if answer is not None:
        return answer
    atom = new.value.atom
    if atom is not None and atom.kind in ("alloc", "address") and new.relation in ("==", "!="):
        return new.relation == "!="
    for each in known:
        if each.implies(new) or each.placed == condition.placed:
            return True
        if each.excludes(new) or each.placed == condition.negated().placed:
            return False
    return None

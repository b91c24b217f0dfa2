# SPDX-License-Identifier: GPL-2.0-only
"""What is known at one point of a path: variables, memory written so far, conditions, events."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from patchkit.lint import values
from patchkit.lint.algebra import rebuild
from patchkit.lint.conditions import Condition, compare, truth
from patchkit.lint.events import Assume, Event
from patchkit.lint.values import ZERO, Atom, Value, number, single

_ERRNO = re.compile(r"^E[A-Z][A-Z0-9]*$")
_POSITIVE = re.compile(
    r"^(PAGE_SIZE|PAGE_SHIFT|VM_[A-Z0-9_]+|U?(INT|LONG|LLONG)_MAX|[USu]\d+_MAX)$"
)
MOST_FACTS = 40
"""Conditions that are kept about one thing."""


def error_number(value: Value) -> bool:
    """Tell whether a value is ``-ENOMEM`` or the like."""
    if len(value.terms) != 1:
        return False
    product, factor = value.terms[0]
    return factor == -1 and len(product) == 1 and _errno(product[0])


def _errno(atom: Atom) -> bool:
    return atom.kind == "global" and bool(_ERRNO.match(atom.name))


def _enumerated(value: Value) -> int | None:
    """Return the number that a value is when enumerators are put in; None if it is none."""
    total = 0
    for product, factor in value.terms:
        for atom in product:
            if atom.kind != "global" or atom.tag != "enum":
                return None
            factor *= atom.position
        total += factor
    return total


def sign(value: Value) -> int | None:
    """Return -1, 0 or 1 if a value's sign needs no knowledge of the path, else None."""
    constant = _enumerated(value)
    if constant is not None:
        return (constant > 0) - (constant < 0)
    found: set[int] = set()
    for product, factor in value.terms:
        for atom in product:
            positive = _errno(atom) or (atom.kind == "global" and bool(_POSITIVE.match(atom.name)))
            positive = positive or (
                atom.kind == "op" and atom.name == "|" and any(sign(arg) == 1 for arg in atom.args)
            )
            if not positive and atom.kind not in ("address", "text"):
                return None
        found.add(1 if factor > 0 else -1)
    return found.pop() if len(found) == 1 else None


class Facts:
    """Conditions that hold, found by what they are about."""

    __slots__ = ("_table",)

    def __init__(self, table: dict[str, tuple[Condition, ...]] | None = None) -> None:
        self._table = table if table is not None else {}

    def copy(self) -> Facts:
        """Return a copy of its own."""
        return Facts(dict(self._table))

    def add(self, condition: Condition) -> None:
        """Let a condition hold from now on."""
        stem = condition.value.stem
        known = self._table.get(stem, ())
        if condition not in known:
            # A switch of thousands of cases says thousands of things; the last ones will do.
            self._table[stem] = (*known[-MOST_FACTS:], condition)

    def decide(self, condition: Condition) -> bool | None:
        """Return whether a condition holds; None if that is not known."""
        known = sign(condition.value)
        if known is not None:
            return compare(number(known), condition.relation, ZERO).known()
        for fact in self._table.get(condition.value.stem, ()):
            if fact.implies(condition):
                return True
            if fact.excludes(condition):
                return False
        if condition.relation in ("<", ">=") and self._below(condition.value):
            return condition.relation == "<"
        return self._of_error(condition)

    def _below(self, value: Value) -> bool:
        """Tell whether a value is known to be not above 0 and known not to be 0."""
        relations = {
            each.relation for each in self._table.get(value.stem, ()) if each.value == value
        }
        return {"<=", "!="} <= relations

    def _of_error(self, condition: Condition) -> bool | None:
        """Decide about ``p`` from what is known of ``IS_ERR(p)``, and the other way round."""
        atom = condition.value.atom
        if atom is None:
            return None
        if atom.kind == "op" and atom.name in ("IS_ERR", "IS_ERR_OR_NULL", "IS_ERR_VALUE"):
            return self._is_error(atom, condition)
        error = self._table.get(f"IS_ERR({condition.value.text})", ())
        if any(each.relation == "!=" for each in error):
            return condition.relation in ("!=", "<", "<=")
        return None

    def _is_error(self, atom: Atom, condition: Condition) -> bool | None:
        value = atom.args[0]
        wanted = condition.relation == "!="
        if error_number(value) or self.holds(compare(value, "<", ZERO)):
            return wanted
        if atom.name != "IS_ERR_OR_NULL" and self.holds(compare(value, "==", ZERO)):
            return not wanted
        inner = value.atom
        if inner is not None and inner.kind in ("address", "alloc") and inner.name != "IS_ERR":
            return not wanted if atom.name == "IS_ERR" else None
        return None

    def holds(self, condition: Condition) -> bool:
        """Tell whether a condition is known to hold."""
        known = condition.known()
        if known is not None:
            return known
        return any(each.implies(condition) for each in self._table.get(condition.value.stem, ()))

    def forget(self, earlier: Facts) -> None:
        """Keep only what was known earlier already."""
        self._table = {
            stem: tuple(each for each in known if each in earlier._table.get(stem, ()))
            for stem, known in self._table.items()
            if stem in earlier._table
        }

    def settle(self, earlier: Facts, leaving: frozenset[Condition]) -> None:
        """At the end of a round of a loop, forget what may be otherwise in the next one.

        What was known before it stays known, and what is about memory as it was at entry, but for
        the conditions on which the loop is left.
        """
        self._table = {
            stem: tuple(
                each
                for each in known
                if each in earlier._table.get(stem, ()) or (each not in leaving and _lasting(each))
            )
            for stem, known in self._table.items()
        }

    def common(self, other: Facts) -> None:
        """Keep only what the other knows too."""
        if self._table != other._table:
            self.forget(other)

    def simplify(self, value: Value) -> Value:
        """Return a value with ``abs``, ``min``, ``max`` and conditional parts resolved."""
        for product, _ in value.terms:
            for atom in product:
                if atom.kind in ("choice", "op", "test"):
                    return _rewritten(value, self._resolve)
        return value

    def _resolve(self, atom: Atom) -> Value | None:
        if atom.kind == "choice":
            known = self.decide(truth(atom.args[0]))
            return None if known is None else self.simplify(atom.args[1 if known else 2])
        if atom.kind == "test":
            known = self.decide(compare(atom.args[0], atom.name, ZERO))
            return None if known is None else number(int(known))
        if atom.kind == "op" and atom.name == "abs" and len(atom.args) == 1:
            known = self.decide(compare(atom.args[0], ">=", ZERO))
            return None if known is None else atom.args[0] if known else -atom.args[0]
        if atom.kind == "op" and atom.name in ("min", "max") and len(atom.args) == 2:
            left, right = atom.args
            known = self.decide(compare(left, "<=", right))
            return None if known is None else left if known == (atom.name == "min") else right
        return None


def _lasting(condition: Condition) -> bool:
    """Tell whether a condition is about parameters and members as they were at entry only."""
    kinds = {atom.kind for atom in condition.value.atoms()}
    return kinds <= {"param", "field", "global", "address"}


def _rewritten(value: Value, resolve: object) -> Value:
    """Return a value with those of its outermost atoms replaced for which *resolve* gives one."""
    total = ZERO
    for product, factor in value.terms:
        term = number(factor)
        for atom in product:
            found = resolve(atom) if callable(resolve) else None
            term = term * (found if found is not None else single(atom))
        total += term
    return total


def substitute(value: Value, replacement: object, memo: dict[str, Value] | None = None) -> Value:
    """Return a value rebuilt from below.

    *replacement* is called with every atom, its arguments rebuilt already, and whether it is what a
    pointer points to; it returns the value to put in its place or None. Operations are normalised
    anew.
    """
    memo = {} if memo is None else memo
    return _substitute(value, replacement, memo)


def _substitute(value: Value, replacement: object, memo: dict[str, Value]) -> Value:
    done = memo.get(value.text)
    if done is not None:
        return done
    total = ZERO
    changed = False
    for product, factor in value.terms:
        term = number(factor)
        for atom in product:
            new = _substitute_atom(atom, replacement, memo)
            changed = changed or new.atom is not atom
            term = term * new
        total += term
    result = total if changed else value
    memo[value.text] = result
    return result


def _substitute_atom(atom: Atom, replacement: object, memo: dict[str, Value]) -> Value:
    if atom.kind == "address":
        return _substitute_address(atom, replacement, memo)
    args = tuple(_substitute(each, replacement, memo) for each in atom.args)
    if any(new is not old for new, old in zip(args, atom.args, strict=True)):
        rebuilt = rebuild(atom, args)
        if rebuilt is None:
            rebuilt = _with_args(atom, args)
    else:
        rebuilt = single(atom)
    if callable(replacement) and rebuilt.atom is not None:
        found = replacement(rebuilt.atom, atom.kind == "deref")
        if isinstance(found, Value):
            return found
    return rebuilt


def _substitute_address(atom: Atom, replacement: object, memo: dict[str, Value]) -> Value:
    """Replace within the place whose address is taken; the place itself is not read."""
    inner = atom.args[0].atom
    if inner is None or inner.kind not in ("field", "element", "deref"):
        return values.address(_substitute(atom.args[0], replacement, memo), atom.type)
    args = tuple(_substitute(each, replacement, memo) for each in inner.args)
    return values.address(_with_args(inner, args), atom.type)


def _with_args(atom: Atom, args: tuple[Value, ...]) -> Value:
    """Return a place, call or the like with other arguments."""
    match atom.kind:
        case "field":
            return values.field(args[0], atom.tag, atom.name, atom.type)
        case "element":
            return values.element(args[0], args[1], atom.type)
        case "deref":
            return values.deref(args[0], atom.type)
        case "address":
            return values.address(args[0], atom.type)
        case "limit":
            return values.limit_of(atom.tag, atom.name, args)
        case _:
            serial = atom.text[atom.text.rfind(")") + 1 :]
            return values.result_of(atom.name, args, serial, atom.type)


@dataclass(slots=True)
class LoopEntry:
    """How things were when a loop was entered; *rounds* closed since, *events* then."""

    env: dict[str, Value]
    heap: dict[str, Value]
    facts: Facts
    events: int
    rounds: int = 0


@dataclass(slots=True)
class State:
    """One path up to here. *effect* identifies the events so far, branches left out, *charges*
    the changes of counters. *marks* has for each event the number of what it is known by, -1 if
    it tells states apart by itself; *checks* those of limit checks; *held* is what is locked.
    """

    env: dict[str, Value] = field(default_factory=dict)
    heap: dict[str, Value] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    events: tuple[Event, ...] = ()
    effect: int = 0
    charges: int = 0
    marks: tuple[int, ...] = ()
    checks: frozenset[int] = frozenset()
    held: frozenset[tuple[str, str, str]] = frozenset()
    loops: dict[int, LoopEntry] = field(default_factory=dict)
    serials: dict[str, int] = field(default_factory=dict)
    escaped: frozenset[str] = frozenset()
    exact: bool = True
    leaving: frozenset[Condition] = frozenset()
    """Conditions of branches on one side of which a loop is left."""

    def fork(self) -> State:
        """Return a copy that can be changed."""
        return State(
            dict(self.env),
            dict(self.heap),
            self.facts.copy(),
            self.events,
            self.effect,
            self.charges,
            self.marks,
            self.checks,
            self.held,
            dict(self.loops),
            dict(self.serials),
            self.escaped,
            self.exact,
            self.leaving,
        )

    def serial(self, key: str) -> str:
        """Return what tells the next call of *key* from earlier ones: empty for the first."""
        count = self.serials.get(key, 0) + 1
        self.serials[key] = count
        return "" if count == 1 else f"'{count}"

    def warn(self) -> None:
        """Mark the branch just taken as one that the kernel complains about."""
        if self.events and isinstance(self.events[-1], Assume):
            self.events = (*self.events[:-1], replace(self.events[-1], warned=True))

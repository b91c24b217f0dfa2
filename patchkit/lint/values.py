# SPDX-License-Identifier: GPL-2.0-only
"""Canonical values: sums of products of atoms with integer coefficients.

Two values are equal if their texts are, and their texts are equal if they were made from the same
things by operations that the algebra knows to be the same (see ``algebra``). Overflow is left out
of account. A value has three texts: ``text`` names roots as the function does; ``typed`` replaces
every root by its type, ``<ib_umem>.owning_mm``, for comparison across functions and for findings;
``placed`` keeps of every member the last link only, ``ib_umem.owning_mm``, whatever pointer chain
led there.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable, Iterator

from patchkit.lint.rendering import operation_text as operation_text
from patchkit.lint.rendering import render_atom
from patchkit.lint.tags import tag_of as tag_of

MOST_TERMS = 48
"""A product of sums with more terms is not multiplied out."""
LONGEST_PRODUCT = 2000
"""Characters of a product that is not multiplied out; of a longer one only equality is known."""


class Atom:
    """What a product is made of; equal if *text* is.

    *kind* is one of: ``param``, ``local`` (a local's address or what it held before it was set),
    ``global`` (also constants known by name only), ``field`` (*name* is the member, *tag* its
    struct; the base pointer is ``args[0]``), ``element`` (``args`` are base and index), ``deref``,
    ``address`` (of the place that ``args[0]`` reads), ``call`` (the result of an unknown call),
    ``op`` (an operator or function that only computes), ``test`` (0 or 1: ``args[0]`` compared
    with 0 by *name*), ``sum`` (what ``args[0]`` comes to over all rounds of a loop), ``text``.
    *type* is the C type as far as known. *position* is a parameter's, from 1; of a ``global`` with
    the tag ``enum`` it is the enumerator's value.
    """

    __slots__ = (
        *("_placed", "_typed", "_value", "args", "kind", "name", "position", "tag", "text", "type"),
    )

    def __init__(
        self,
        kind: str,
        name: str,
        args: tuple[Value, ...] = (),
        *,
        text: str,
        type_: str = "",
        tag: str = "",
        position: int = 0,
    ) -> None:
        self.kind = kind
        self.name = name
        self.args = args
        self.text = text
        self.type = type_
        self.tag = tag
        self.position = position
        self._typed: str | None = None
        self._placed: str | None = None
        self._value: Value | None = None

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Atom) and self.text == other.text)

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Atom({self.text})"

    @property
    def typed(self) -> str:
        """The text with roots replaced by their types."""
        if self._typed is None:
            self._typed = render_atom(self, lambda value: value.typed, whole=True)
        return self._typed

    @property
    def placed(self) -> str:
        """The text with every member as ``tag.member``."""
        if self._placed is None:
            self._placed = render_atom(self, lambda value: value.placed, whole=False)
        return self._placed

    @property
    def limit(self) -> str:
        """The resource if this is a limit (``rlimit(RLIMIT_MEMLOCK)``), else empty."""
        return self.tag if self.kind == "limit" else ""


Product = tuple[Atom, ...]
Term = tuple[Product, int]


def _sum_text(terms: Iterable[Term], show: Callable[[Atom], str]) -> str:
    """Return a sum as text: ``a + 2*b*c - 1``."""
    pieces: list[tuple[bool, str]] = []
    for product, factor in terms:
        if len(product) == 1:
            names = show(product[0])
        else:
            names = "*".join(sorted(show(atom) for atom in product))
        size = abs(factor)
        body = names if size == 1 and names else f"{size}*{names}" if names else str(size)
        pieces.append((factor < 0, body))
    pieces.sort(key=lambda piece: (piece[0], piece[1].isdigit(), piece[1]))
    text = ""
    for number, (minus, body) in enumerate(pieces):
        sign = ("-" if minus else "") if number == 0 else (" - " if minus else " + ")
        text += sign + body
    return text or "0"


class Value:
    """A sum of products; *terms* are sorted, none has the factor 0."""

    __slots__ = ("_placed", "_stem", "_typed", "terms", "text")

    def __init__(self, terms: tuple[Term, ...]) -> None:
        self.terms = terms
        if len(terms) == 1 and terms[0][1] == 1 and len(terms[0][0]) == 1:
            self.text = terms[0][0][0].text
        else:
            self.text = _sum_text(terms, _text)
        self._stem: str | None = None
        self._typed: str | None = None
        self._placed: str | None = None

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Value) and self.text == other.text)

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Value({self.text})"

    @property
    def typed(self) -> str:
        """The text with roots replaced by their types."""
        if self._typed is None:
            self._typed = _sum_text(self.terms, lambda atom: atom.typed)
        return self._typed

    @property
    def placed(self) -> str:
        """The text with every member as ``tag.member``."""
        if self._placed is None:
            self._placed = _sum_text(self.terms, lambda atom: atom.placed)
        return self._placed

    @property
    def stem(self) -> str:
        """The text without the constant."""
        if self._stem is None:
            rest = tuple(term for term in self.terms if term[0])
            self._stem = self.text if len(rest) == len(self.terms) else Value(rest).text
        return self._stem

    @property
    def constant(self) -> int | None:
        """The number if the value is one, else None."""
        if not self.terms:
            return 0
        if len(self.terms) == 1 and not self.terms[0][0]:
            return self.terms[0][1]
        return None

    @property
    def atom(self) -> Atom | None:
        """The atom if the value is just one, else None."""
        if len(self.terms) == 1 and self.terms[0][1] == 1 and len(self.terms[0][0]) == 1:
            return self.terms[0][0][0]
        return None

    @property
    def zero(self) -> bool:
        """Whether the value is 0."""
        return not self.terms

    @property
    def negative(self) -> bool:
        """Whether all factors are below zero: what is left when something is given back."""
        return bool(self.terms) and all(factor < 0 for _, factor in self.terms)

    @property
    def type(self) -> str:
        """The C type if the value is one atom of a known type, else empty."""
        atom = self.atom
        return atom.type if atom is not None else ""

    @property
    def tag(self) -> str:
        """The tag of the struct that the value points to, as far as known."""
        return tag_of(self.type)

    def atoms(self, deep: bool = True) -> Iterator[Atom]:
        """Yield the atoms of all products, with those inside of other atoms if *deep*."""
        pending: list[Value] = [self]
        while pending:
            for product, _ in pending.pop().terms:
                for atom in product:
                    yield atom
                    if deep:
                        pending.extend(atom.args)

    def summands(self) -> Iterator[Value]:
        """Yield every term as a value of its own."""
        for term in self.terms:
            yield Value((term,))

    def __neg__(self) -> Value:
        return Value(tuple((product, -factor) for product, factor in self.terms))

    def __add__(self, other: Value) -> Value:
        if not other.terms:
            return self
        return other if not self.terms else _collect((*self.terms, *other.terms))

    def __sub__(self, other: Value) -> Value:
        return self + -other if other.terms else self

    def __mul__(self, other: Value) -> Value:
        if not self.terms or not other.terms:
            return ZERO
        by = other.constant
        if by is not None:
            if by == 1:
                return self
            return Value(tuple((product, factor * by) for product, factor in self.terms))
        if len(self.terms) * len(other.terms) > MOST_TERMS or _degree(self) + _degree(other) > 8:
            text = f"({self.text}) * ({other.text})"
            if len(text) > LONGEST_PRODUCT:
                # No program means this; each further factor would double what there is.
                digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
                name = f"product_{digest[:16]}"
                return single(Atom("op", name, (), text=f"{name}()"))
            return single(Atom("op", "*", (self, other), text=text))
        return _collect(
            (tuple(sorted((*left, *right), key=_text)), first * second)
            for left, first in self.terms
            for right, second in other.terms
        )


def _degree(value: Value) -> int:
    return max((len(product) for product, _ in value.terms), default=0)


def _text(atom: Atom) -> str:
    return atom.text


def _product_key(term: Term) -> tuple[str, ...]:
    return tuple(atom.text for atom in term[0])


def _collect(terms: Iterable[Term]) -> Value:
    """Add up terms with the same product."""
    table: dict[Product, int] = {}
    for product, factor in terms:
        table[product] = table.get(product, 0) + factor
    kept = [term for term in table.items() if term[1]]
    if len(kept) == 1 and kept[0][1] == 1 and len(kept[0][0]) == 1:
        return single(kept[0][0][0])
    if len(kept) > 1:
        kept.sort(key=_product_key)
    return Value(tuple(kept))


@functools.lru_cache(maxsize=4096)
def number(value: int) -> Value:
    """Return an integer as a value."""
    return Value((((), value),) if value else ())


ZERO = number(0)
ONE = number(1)


def single(atom: Atom) -> Value:
    """Return an atom as a value."""
    value = atom._value
    if value is None:
        value = Value((((atom,), 1),))
        atom._value = value
    return value


def parameter(name: str, type_: str, position: int) -> Value:
    """Return a parameter's value at entry; *position* from 1."""
    return single(Atom("param", name, text=name, type_=type_, position=position))


def local(name: str, type_: str) -> Value:
    """Return what a local holds before it is set; the local itself if it is a struct."""
    return single(Atom("local", name, text=name, type_=type_))


def named(name: str, type_: str = "") -> Value:
    """Return a global, an enumerator or a macro known by name only."""
    return single(Atom("global", name, text=name, type_=type_))


def enumerator(name: str, number: int) -> Value:
    """Return an enumerator whose value is known; it keeps its name."""
    return single(Atom("global", name, text=name, tag="enum", position=number))


def field(base: Value, tag: str, member: str, type_: str = "") -> Value:
    """Return the member of the struct that *base* points to, as it was at entry."""
    atom = base.atom
    if atom is not None and atom.kind == "address":
        text = f"{_operand(atom.args[0])}.{member}"
    else:
        text = f"{_operand(base)}->{member}"
    return single(Atom("field", member, (base,), text=text, type_=type_, tag=tag))


def element(base: Value, index: Value, type_: str = "") -> Value:
    """Return ``base[index]``."""
    text = f"{_operand(base)}[{index.text}]"
    return single(Atom("element", "", (base, index), text=text, type_=type_))


def deref(base: Value, type_: str = "") -> Value:
    """Return ``*base``; of an address, what is there."""
    atom = base.atom
    if atom is not None and atom.kind == "address":
        return atom.args[0]
    return single(Atom("deref", "", (base,), text=f"*{_operand(base)}", type_=type_))


def address(place: Value, type_: str = "") -> Value:
    """Return the address of the place that *place* reads."""
    atom = place.atom
    if atom is not None and atom.kind == "deref":
        return atom.args[0]
    return single(Atom("address", "", (place,), text=f"&{_operand(place)}", type_=type_))


def result_of(name: str, args: tuple[Value, ...], serial: str, type_: str = "") -> Value:
    """Return the result of a call of which nothing is known; *serial* tells calls apart."""
    text = f"{name}({', '.join(each.text for each in args)}){serial}"
    return single(Atom("call", name, args, text=text, type_=type_))


def allocated(name: str, serial: str, type_: str = "") -> Value:
    """Return an object that was just allocated by *name*."""
    return single(Atom("alloc", name, text=f"{name}(){serial}", type_=type_))


def limit_of(resource: str, name: str, args: tuple[Value, ...]) -> Value:
    """Return a limit, in bytes for RLIMIT_MEMLOCK: ``rlimit(RLIMIT_MEMLOCK)``."""
    shown = ", ".join(each.text for each in args)
    return single(Atom("limit", name, args, text=f"{name}({shown})", tag=resource))


def retyped(value: Value, type_: str) -> Value:
    """Return a value that is one atom of no known struct with a type."""
    atom = value.atom
    if atom is None or tag_of(atom.type) or not tag_of(type_):
        return value
    copy = Atom(
        atom.kind,
        atom.name,
        atom.args,
        text=atom.text,
        type_=type_,
        tag=atom.tag,
        position=atom.position,
    )
    return single(copy)


def _operand(value: Value) -> str:
    """Return a text that can stand before ``->`` and ``[``."""
    return value.text if value.atom is not None else f"({value.text})"

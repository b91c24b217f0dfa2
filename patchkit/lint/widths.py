# SPDX-License-Identifier: GPL-2.0-only
"""Whether an amount may need more than 32 bits."""

from __future__ import annotations

import re

from patchkit.lint.algebra import PAGE_SIZE
from patchkit.lint.analysis import Path
from patchkit.lint.conditions import compare
from patchkit.lint.events import Assume, Event
from patchkit.lint.values import Atom, Value, number

_NARROW = frozenset(
    {
        *("int", "unsigned int", "unsigned", "signed int", "signed", "u32", "s32", "__u32"),
        *("__s32", "uint32_t", "int32_t", "short", "unsigned short", "u16", "s16", "__u16"),
        *("__s16", "uint16_t", "u8", "s8", "__u8", "__s8", "uint8_t", "char", "unsigned char"),
        *("bool", "_Bool", "signed char", "pid_t", "vm_fault_t", "__be32", "__le32", "uint"),
    }
)
_WIDE = frozenset(
    {
        *("long", "unsigned long", "long long", "unsigned long long", "u64", "s64", "__u64"),
        *("__s64", "uint64_t", "int64_t", "size_t", "ssize_t", "loff_t", "dma_addr_t", "pgoff_t"),
        *("atomic_long_t", "atomic64_t"),
        *("phys_addr_t", "resource_size_t", "uintptr_t", "ulong", "gfn_t", "gpa_t", "hva_t"),
    }
)
_WORDS = re.compile(r"\b(const|volatile)\b")
_LIMIT = number(2**32 - 1)
_ROUNDS = frozenset({"PFN_DOWN", "PFN_UP", ">>", "min", "max", "abs", "ALIGN", "ALIGN_DOWN"})


def _type(text: str) -> str:
    return " ".join(_WORDS.sub("", text).split())


def wide(value: Value, path: Path, until: Event) -> bool:
    """Tell whether a value may exceed 32 bits when *path* comes to the event *until*.

    It may if it is made of something that is wider than 32 bits, and no condition on the path
    bounds it.
    """
    if value.constant is not None or not _source(value):
        return False
    if any(_result(atom) for product, _ in value.terms for atom in product):
        return False  # what a call returns fits into what it was asked for
    size = -value if value.negative else value
    return not _bounded(size, path, until)


def _result(atom: Atom) -> bool:
    """Tell whether an atom is the result of a call, or the sum of such."""
    if atom.kind == "sum":
        return any(_result(inner) for inner in atom.args[0].atoms(deep=False))
    return atom.kind == "call"


def _source(value: Value) -> bool:
    """Tell whether a value is made of something wide."""
    return any(_wide_atom(atom) for product, _ in value.terms for atom in product)


def _wide_atom(atom: Atom) -> bool:
    if atom.text == PAGE_SIZE.text:
        return False
    type_ = _type(atom.type)
    if type_ in _NARROW:
        return False
    if type_ in _WIDE:
        return True
    if atom.kind == "field" and atom.name in ("vm_start", "vm_end"):
        return True
    if atom.kind == "op" and atom.name == "min":
        return all(_source(each) for each in atom.args)
    if atom.kind == "op" and atom.name in _ROUNDS:
        return bool(atom.args) and _source(atom.args[0])
    if atom.kind in ("choice", "sum"):
        return any(_source(each) for each in atom.args[-2:])
    return False


def _bounded(value: Value, path: Path, until: Event) -> bool:
    """Tell whether the path has compared a value, or what it is a part of, with a bound."""
    wanted = compare(value, "<=", _LIMIT)
    inner = [value]
    for atom in value.atoms():
        inner += [each for each in atom.args if atom.name in _ROUNDS]
    for event in path.events:
        if event is until:
            break
        if not isinstance(event, Assume):
            continue
        if event.condition.implies(wanted):
            return True
        if any(_below(event, each) for each in inner):
            return True
    return False


def _below(event: Assume, value: Value) -> bool:
    """Tell whether a branch says that a value is below a constant of at most 64 GiB, or below a
    constant known by name (``INT_MAX``, ``SIW_MAX_…``)."""
    condition = event.condition
    for sign in (1, -1):
        rest = condition.value - value * number(sign)
        below = condition.relation in (("<", "<=", "==") if sign > 0 else (">", ">=", "=="))
        if not below:
            continue
        constant = rest.constant
        if constant is not None:
            return abs(constant) < 2**44
        if all(
            len(product) <= 1 and all(atom.kind == "global" for atom in product)
            for product, _ in rest.terms
        ):
            return True
    return False

# SPDX-License-Identifier: GPL-2.0-only
"""Whether a value counts pages or bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from patchkit.lint.algebra import PAGE_SIZE
from patchkit.lint.values import Atom, Product, Value

PAGES, BYTES, MIXED, UNKNOWN, NUMBER = "pages", "bytes", "mixed", "unknown", "number"

_PAGE = PAGE_SIZE.terms[0][0][0]
_PAGE_NAME = re.compile(r"(^|_)(n?pages?|nr_?pages|pgs?|npages|nrpages|pglen|npinned|npage)($|_)")
_BYTE_NAME = re.compile(r"(^|_)(len|length|size|bytes|vm_start|vm_end|addr|address|start|end)($|_)")
_OF_PAGES = frozenset({"PFN_DOWN", "PFN_UP", "vma_pages", "PHYS_PFN", "page_to_pfn"})
_OF_BYTES = frozenset({"PAGE_ALIGN", "PFN_PHYS", "offset_in_page"})
_MEMBERS_OF_PAGES = frozenset(
    {"total_vm", "data_vm", "exec_vm", "stack_vm", "locked_vm", "pinned_vm", "perf_mlock"}
)
_SAME_AS_ARGUMENTS = frozenset({"min", "max", "abs", "min_not_zero", "PTR_ERR", "|", "clamp"})


@dataclass(frozen=True, slots=True)
class Unit:
    """*name* is ``pages``, ``bytes``, ``mixed`` (pages and bytes added), ``number`` (a constant)
    or ``unknown``; *sure* unless only the name of something says so."""

    name: str
    sure: bool = True


_ANY = Unit(UNKNOWN)


def unit(value: Value) -> Unit:
    """Return the unit of a value from what it is made of. Constants do not count in a sum."""
    found: list[Unit] = []
    for product, _ in value.terms:
        if product:
            found.append(_of_product(product))
    if not found:
        return Unit(NUMBER)
    return _together(found)


def _together(units: list[Unit]) -> Unit:
    """Return the unit of a sum: sure ones decide, then those that are guessed from names."""
    for sure in (True, False):
        names = {each.name for each in units if each.name != UNKNOWN and each.sure is sure}
        names.discard(NUMBER)
        if MIXED in names or len(names) > 1:
            return Unit(MIXED, sure)
        if names:
            return Unit(names.pop(), sure)
    return _ANY


def _of_product(product: Product) -> Unit:
    """Return the unit of a product: PAGE_SIZE makes bytes of pages."""
    sizes = sum(atom == _PAGE for atom in product)
    rest = [atom for atom in product if atom != _PAGE]
    if sizes:
        return Unit(BYTES)
    units = [each for each in (_of_atom(atom) for atom in rest) if each.name != UNKNOWN]
    if len(units) == 1 or (units and len({each.name for each in units}) == 1):
        return units[0]
    return _ANY


def _of_atom(atom: Atom) -> Unit:
    """Return the unit of one atom."""
    if atom.kind == "limit":
        return Unit(BYTES)
    if atom.kind in ("op", "call") and atom.name in _OF_PAGES:
        return Unit(PAGES)
    if atom.kind == "op" and atom.name in _OF_BYTES:
        return Unit(BYTES)
    if atom.kind == "op" and atom.name in _SAME_AS_ARGUMENTS:
        return _together([unit(each) for each in atom.args])
    if atom.kind == "choice":
        return _together([unit(each) for each in atom.args[1:]])
    if atom.kind in ("sum",):
        return unit(atom.args[0])
    if atom.kind == "field" and atom.name in _MEMBERS_OF_PAGES:
        return Unit(PAGES)
    if atom.kind == "field" and atom.name in ("vm_start", "vm_end"):
        return Unit(BYTES)
    if atom.kind in ("param", "local", "field", "call", "global"):
        return _by_name(atom.name)
    return _ANY


def _by_name(name: str) -> Unit:
    """Guess from a name: ``nr_pages``, ``len``."""
    lowered = name.lower()
    pages, size = _PAGE_NAME.search(lowered), _BYTE_NAME.search(lowered)
    if pages and not size:
        return Unit(PAGES, sure=False)
    if size and not pages:
        return Unit(BYTES, sure=False)
    return _ANY

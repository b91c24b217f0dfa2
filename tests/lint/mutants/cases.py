# SPDX-License-Identifier: GPL-2.0-only
"""The edits made by hand, as mutants."""

from __future__ import annotations

from pathlib import Path

import msgspec

from mutants.corpus import open_tree
from mutants.model import Mutant
from mutants.survey import Place
from mutants.view import View
from patchkit.tree.csource import CSource

CASES = Path(__file__).resolve().parent.parent / "cases.json"

_LOST = ("charge-left-on-error", "release-without-uncharge", "guard-differs")
RULES: dict[str, tuple[str, ...]] = {
    "uncharge missing on an error path": _LOST,
    "uncharge missing in a release": (*_LOST, "double-charge"),
    "another mm": ("uncharge-mm-differs", *_LOST),
    "another amount": ("uncharge-amount-differs", "guard-differs", *_LOST),
    "used after its reference was dropped": ("use-after-put",),
    "check without current usage": ("limit-check-ignores-usage",),
    "charge missing": ("charge-missing", "double-uncharge", "flag-without-counter"),
    "charged twice": ("double-charge", "guard-differs", "flag-without-counter"),
    "inherited by fork": ("fork-inherits-charge",),
    "harmless": (),
}
"""Which rules say what is wrong with a kind of case."""


class Case(msgspec.Struct, frozen=True):
    """One edit: *find*, which *file* holds once, becomes *replace*."""

    id: str
    tree: str
    file: str
    function: str
    about: str
    kind: str
    benign: bool
    difficulty: str
    find: str
    replace: str
    renamed: dict[str, str] = {}
    """What newer sources of the same kernel call something: the tree may be one of them."""

    def texts(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what *data* has once and what replaces it. ValueError if that is not so."""
        find, replace = self.find, self.replace
        if find.encode() not in data:
            for old, new in self.renamed.items():
                find, replace = find.replace(old, new), replace.replace(old, new)
        if data.count(find.encode()) != 1:
            found = data.count(find.encode())
            raise ValueError(f"{self.id}: expected the text once, found {found}: {find!r}")
        return find.encode(), replace.encode()


class _File(msgspec.Struct):
    about: str
    cases: tuple[Case, ...]


def cases() -> tuple[Case, ...]:
    return msgspec.json.decode(CASES.read_bytes(), type=_File).cases


def as_mutant(case: Case) -> Mutant:
    """Return a case as a mutant of its tree. ValueError when the text is not there once.

    The function that depends on the edited one may be any other of the file.
    """
    with open_tree(case.tree) as tree:
        data = tree.read(case.file) or b""
    old, new = case.texts(data)
    source = CSource(data, case.file)
    views = [
        View(case.file, data, e) for e in source.entities() if e.kind in ("function", "syscall")
    ]
    names = {Place(view, ()).name for view in views} - {case.function}
    return Mutant(
        tree=case.tree,
        path=case.file,
        function=case.function,
        operator=case.id,
        harmless=case.benign,
        start=data.index(old),
        old=old,
        new=new,
        reach="near",
        partners=tuple(sorted(names)),
    )

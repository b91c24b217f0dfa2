# SPDX-License-Identifier: GPL-2.0-only
"""All functions of a tree in which something is charged, given back, checked, set or reported."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.resources import files

from mutants.effects import (
    CHARGE,
    CHECK,
    UNCHARGE,
    Effect,
    Helper,
    checks,
    effects,
)
from mutants.view import Node, View
from patchkit.lint.scope import search
from patchkit.tree.csource import CSource, Extent
from patchkit.tree.source import GitTree

_ACCOUNTING = re.compile(
    r"acc(?:oun|n)?t|charge|locked_vm|update_pinned|mlock_future|_user_pages$|calc_limits|limit"
)
_GIVES_UP = re.compile(
    r"release|unmap|free|unpin|put|dereg|destroy|unaccount|clear|teardown|revert"
)
_FLAG_WORDS = (b"VM_LOCKED", b"VM_DONTCOPY", rb"vm_flags_set\(", rb"vm_flags \|=", b"VMA_LOCKED")
_ROUNDS = 6


@dataclass(slots=True)
class Place:
    """A function with its effects."""

    view: View
    effects: tuple[Effect, ...]

    @property
    def name(self) -> str:
        return self.view.name

    def signs(self, counter: str = "") -> frozenset[str]:
        """Return + and - as far as the function moves a counter (any, if none is named)."""
        return frozenset(
            {CHARGE: "+", UNCHARGE: "-"}[effect.kind]
            for effect in self.effects
            if effect.kind in (CHARGE, UNCHARGE) and counter in ("", effect.counter)
        )


@dataclass(slots=True)
class Survey:
    """A tree's places by path, and what is known about helpers."""

    tree: GitTree
    places: dict[str, list[Place]] = field(default_factory=dict)
    helpers: dict[str, Helper] = field(default_factory=dict)
    data: dict[str, bytes] = field(default_factory=dict)
    views: dict[str, list[View]] = field(default_factory=dict)
    """Other functions of the places' files in which flags of VMAs are set or cleared."""

    scanned: _Files | None = None

    def callers(self, place: Place) -> list[Place]:
        """Return the functions that call one: those of its own file, and places elsewhere."""
        word = re.compile(rb"\b%b\s*\(" % re.escape(place.name.encode()))
        found = {
            (path, other.view.extent.start): other
            for path, places in self.places.items()
            for other in places
            if word.search(other.view.text, other.view.body_offset)
        }
        if self.scanned is not None:
            path = place.view.path
            for view in self.scanned.views(path, [word.pattern]):
                other = Place(view, tuple(effects(view, self.helpers)))
                found.setdefault((path, view.extent.start), other)
        found.pop((place.view.path, place.view.extent.start), None)
        return list(found.values())


def _outside() -> tuple[tuple[str, ...], tuple[str, ...]]:
    text = (files("patchkit.lint") / "counters.toml").read_text("utf-8")
    search = tomllib.loads(text)["search"]
    return tuple(search["words"]), tuple(search["outside"])


def grep(tree: GitTree, words: Iterable[str]) -> list[str]:
    """Return the C files of a tree that hold one of the words, outside of tools and samples."""
    paths = search(tree, [word.encode() for word in words], _outside()[1])
    return sorted(path for path in paths if path.endswith((".c", ".h")))


class _Files:
    """Functions of the tree's files, each file scanned once."""

    def __init__(self, survey: Survey) -> None:
        self.survey = survey
        self._extents: dict[str, tuple[Extent, ...]] = {}
        self._views: dict[tuple[str, int], View] = {}

    def views(self, path: str, words: Iterable[bytes]) -> list[View]:
        """Return the functions of a file whose body holds one of the words."""
        data = self.survey.data.get(path)
        if data is None:
            data = self.survey.tree.read(path) or b""
            self.survey.data[path] = data
        if path not in self._extents:
            kinds = ("function", "syscall")
            found = (e for e in CSource(data, path).entities() if e.kind in kinds and e.body)
            self._extents[path] = tuple(found)
        pattern = re.compile(b"|".join(words))
        result = []
        for extent in self._extents[path]:
            assert extent.body is not None
            if pattern.search(data, *extent.body):
                view = self._views.setdefault(
                    (path, extent.start), View(path, data, extent)
                )  # fmt: skip
                if view.definition is not None:
                    result.append(view)
        return result


def _as_helper(place: Place) -> Helper | None:
    view, moved = place.view, [e for e in place.effects if e.kind in (CHARGE, UNCHARGE)]
    limits = any(e.kind == CHECK for e in place.effects) or any(True for _ in checks(view))
    signs = place.signs()
    others = frozenset(e.counter for e in place.effects if e.kind == "other" and e.form == "helper")
    accounting = _ACCOUNTING.search(view.name) is not None
    if others and accounting and not moved:
        signs = frozenset("+-")
    if not signs and not (limits and accounting):
        return None
    if not accounting:
        # What releases an object by itself counts, what calls that does not: each release of
        # InfiniBand would be a helper.
        direct = any(e.form != "helper" for e in moved)
        if not direct or signs != {"-"} or not _GIVES_UP.search(view.name):
            return None
    names = list(view.parameters)
    amounts = [e.amount for e in place.effects if e.amount is not None]
    owners = [e.owner for e in place.effects if e.owner is not None]

    def position(nodes: list[Node], integer: bool) -> int | None:
        for name in (name for node in nodes for name in view.names(node)):
            if name not in names or view.parameters[name] == "bool":
                continue
            if view.is_integer(name) == integer:
                return names.index(name)
        return None

    flags = [i for i, name in enumerate(names) if view.parameters[name] == "bool"]
    mixed = len(signs) == 2 and accounting
    direction = next((i for i in flags if names[i] in ("inc", "charge", "account")), None)
    return Helper(
        name=view.name,
        path=view.path,
        static=b"static" in view.text[: view.body.start_byte],
        signs=signs,
        counters=frozenset(e.counter for e in moved if e.counter) or others,
        amount=position([*amounts], True),
        owner=position([*owners], False),
        direction=direction if mixed else None,
        accounting=accounting,
        checks=limits,
        returns="pointer" if view.returns_pointer() else view.return_type(),
        zero=re.search(rb"return (?:0|true);|\b\w+ = (?:0|true);|return \w+\(", view.text)
        is not None,
    )


def survey(tree: GitTree) -> Survey:
    """Look through a tree: functions that name a counter or the limit, then callers of helpers."""
    result = Survey(tree)
    known = result.scanned = _Files(result)
    words = _outside()[0]
    wanted: dict[str, dict[int, View]] = {}
    for path in grep(tree, words):
        for view in known.views(path, [word.encode() for word in words]):
            wanted.setdefault(path, {})[view.extent.start] = view
    found: dict[tuple[str, int], Place] = {}
    stale = [view for views in wanted.values() for view in views.values()]
    for _ in range(_ROUNDS):
        new: set[str] = set()
        for view in stale:
            place = Place(view, tuple(effects(view, result.helpers)))
            found[view.path, view.extent.start] = place
            helper = _as_helper(place)
            if helper is not None:
                if helper.name not in result.helpers:
                    new.add(helper.name)
                result.helpers[helper.name] = helper
        if not new:
            break
        stale = []
        own = {n: h.path for n in new if (h := result.helpers[n]).static and h.path.endswith(".c")}
        paths = set(grep(tree, new - set(own))) if new - set(own) else set()
        for path in sorted(paths | set(own.values())):
            names = [name for name in sorted(new) if own.get(name, path) == path]
            stale += known.views(path, [rb"\b%b\s*\(" % name.encode() for name in names])
    for (path, _), place in sorted(found.items(), key=lambda item: item[0]):
        result.places.setdefault(path, []).append(place)
    for path in result.places:
        result.views[path] = known.views(path, _FLAG_WORDS)
    return result

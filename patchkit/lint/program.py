# SPDX-License-Identifier: GPL-2.0-only
"""A whole tree as functions: lowered when asked for, kept as long as their text stays the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from patchkit.lint import ir, scope
from patchkit.lint.counters import Counters
from patchkit.lint.ctypes import Integer, Types
from patchkit.lint.headers import Files, SourceFile
from patchkit.lint.lower import lower_text
from patchkit.lint.lower_macros import Macro
from patchkit.lint.tables import Initialiser, initialisers
from patchkit.tree.csource import Extent
from patchkit.tree.source import OverlayTree, Tree

_KEPT = 20_000
"""Lowered functions that are kept over all programs that come from one another."""
_COMMON = 400
"""A name that so many files use is not worth looking for callers of."""


@dataclass(slots=True)
class _Lowered:
    """A lowered function, by its text, and the macros it was lowered with."""

    function: ir.Function
    macros: Mapping[str, Macro]


class _Shared:
    """What programs that come from one another have in common: the *tree* of the first of them."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.lowered: dict[tuple[str, str, bytes], _Lowered] = {}
        self.users: dict[str, tuple[str, ...]] = {}
        """The C files in which a search of the tree has found a name, or may have."""


class Program:
    """The functions of a tree.

    *files* are those that name a counter or the limit; others are read when something leads there.
    Function objects stay the same while their text and place do; ``blocks`` stay the same object
    as long as the text does, also after ``edited``.
    """

    def __init__(
        self,
        tree: Tree,
        counters: Counters,
        files: Iterable[str] = (),
        *,
        _from: tuple[_Shared, Files] | None = None,
    ) -> None:
        self.tree = tree
        self.counters = counters
        self.files = tuple(files)
        self._shared, self._sources = _from or (_Shared(tree), Files(tree))
        self.types = Types(self._sources)
        self._functions: dict[tuple[str, int], ir.Function] = {}
        self._defined: dict[str, tuple[str, ...]] | None = None
        self._users: dict[str, tuple[str, ...]] = {}
        self._found: dict[tuple[str, str], ir.Function | None] = {}
        self._redeclared: frozenset[str] = frozenset()
        self._changed: frozenset[str] = frozenset()
        self.same_headers = True
        """Whether no header is another than before the last edit."""

    def edited(self, changes: Mapping[str, bytes | None]) -> Program:
        """Return the program of the tree with some files changed (None: deleted).

        What did not change is shared, functions of a changed file included.
        """
        tree = OverlayTree(self.tree, changes)
        sources = self._sources.edited(tree, changes)
        files = set(self.files)
        for path, data in changes.items():
            if data is not None and self._mentions(path, data):
                files.add(path)
            elif data is None or self._mentions(path, self.tree.read(path) or b""):
                files.discard(path)  # what is there without a mention was asked for
        other = Program(tree, self.counters, sorted(files), _from=(self._shared, sources))
        other._redeclared = frozenset(
            path for path in changes if _redeclares(self._sources.file(path), sources.file(path))
        )
        other._changed = self._changed | changes.keys()
        other.same_headers = not any(path.endswith(".h") for path in changes)
        if other.same_headers:
            # Functions of other files are lowered with the same macros.
            other._functions = {
                key: function for key, function in self._functions.items() if key[0] not in changes
            }
            other.types = self.types.edited(sources, changes)
            if other.files == self.files:
                other._found = self._found_after(sources, changes)
        other._users = {
            name: _users_after(name, paths, changes) for name, paths in self._users.items()
        }
        return other

    def _mentions(self, path: str, data: bytes) -> bool:
        """Tell whether a file is one that is looked at for what stands in it."""
        return not path.startswith(self.counters.outside) and any(
            word.encode() in data for word in self.counters.words
        )

    def _found_after(
        self, sources: Files, changes: Mapping[str, bytes | None]
    ) -> dict[tuple[str, str], ir.Function | None]:
        """Return what names mean that the changed files neither use nor define."""
        touched: set[str] = set()
        for files in (self._sources, sources):
            for path in changes:
                file = files.file(path)
                if file is not None:
                    touched |= file.functions.keys() | file.names.functions.keys()
        return {
            key: function
            for key, function in self._found.items()
            if key[0] not in touched and key[1] not in changes
        }

    def sees_change(self, path: str) -> bool:
        """Tell whether a file sees declarations that are others than before the last edit."""
        return bool(self._redeclared) and (
            path in self._redeclared
            or any(header in self._redeclared for header in self._sources.headers(path))
        )

    # Functions

    def source(self, path: str) -> SourceFile | None:
        """Return a file of the tree."""
        return self._sources.file(path)

    def extents(self, path: str) -> tuple[Extent, ...]:
        """Return where the functions of a file are, without lowering them."""
        file = self._sources.file(path)
        return file.skeleton.functions if file is not None else ()

    def functions(self, path: str) -> tuple[ir.Function, ...]:
        """Return all functions of a file, lowered. ``mentioning`` is much cheaper."""
        return tuple(self.lowered(path, extent) for extent in self.extents(path))

    def function_at(self, path: str, offset: int) -> ir.Function | None:
        """Return the function that holds a byte offset of a file, lowered."""
        file = self._sources.file(path)
        extent = file.skeleton.function_at(offset) if file is not None else None
        return self.lowered(path, extent) if extent is not None else None

    def mentioning(self, path: str, words: Sequence[str] = ()) -> tuple[ir.Function, ...]:
        """Return the functions of a file that contain one of *words* (default: the counters')."""
        file = self._sources.file(path)
        if file is None:
            return ()
        wanted = [word.encode("utf-8", "surrogateescape") for word in words or self.counters.words]
        return tuple(
            self.lowered(path, extent)
            for extent in file.skeleton.functions
            if any(file.data.find(word, extent.start, extent.end) >= 0 for word in wanted)
        )

    def lowered(self, path: str, extent: Extent) -> ir.Function:
        """Return one function of a file, lowered."""
        key = (path, extent.start)
        known = self._functions.get(key)
        if known is not None and known.span.end == extent.end:
            return known
        function = self._lower(path, extent)
        self._functions[key] = function
        return function

    def _lower(self, path: str, extent: Extent) -> ir.Function:
        file = self._sources.file(path)
        assert file is not None
        text = file.data[extent.start : extent.end]
        macros = self._sources.macros(path)
        key = (path, extent.name, text)
        kept = self._shared.lowered.get(key)
        span = ir.Span(extent.start, extent.end, extent.line)
        if kept is not None and _same_macros(kept.macros, macros, text):
            function = kept.function
            if (function.span, function.conditions) != (span, extent.conditions):
                function = replace(function, span=span, conditions=extent.conditions)
            return function
        function = lower_text(text, extent, path, macros)
        if len(self._shared.lowered) >= _KEPT:
            self._shared.lowered.clear()
        self._shared.lowered[key] = _Lowered(function, macros)
        return function

    # Names

    def function(self, name: str, seen_from: str = "") -> ir.Function | None:
        """Return the definition that *name* means in a file; None if there is none or many.

        Looked for in the file, in the headers it sees, in the files of this program and in the
        directory of the file, in this order; what stands under the opposite of a configuration
        (an empty stand-in) only counts when there is nothing else.
        """
        key = (name, seen_from)
        if key not in self._found:
            self._found[key] = self._find(name, seen_from)
        return self._found[key]

    def _find(self, name: str, seen_from: str) -> ir.Function | None:
        own = self._in_file(name, seen_from)
        if own:
            return self._best(seen_from, own)
        stand_in: tuple[str, tuple[Extent, ...]] | None = None
        for header in self._sources.visible(seen_from)[1:] if seen_from else ():
            if name not in header.names.functions:
                continue
            found = header.functions.get(name, ())
            real = tuple(extent for extent in found if not _is_stand_in(extent))
            if real:
                return self._best(header.path, real)
            if found and stand_in is None:
                stand_in = (header.path, found)
        for path in self._defining(name):
            public = tuple(e for e in self._in_file(name, path) if not self._is_static(path, e))
            if public:
                return self._best(path, public)
        near = self._sources.directory(seen_from) if seen_from else ()
        for path in near:
            file = self._sources.file(path) if path.endswith(".c") else None
            if file is not None and name in file.names.functions:
                found = self._in_file(name, path)
                public = tuple(extent for extent in found if not self._is_static(path, extent))
                if public:
                    return self._best(path, public)
        return self._best(*stand_in) if stand_in is not None else None

    def _in_file(self, name: str, path: str) -> tuple[Extent, ...]:
        file = self._sources.file(path) if path else None
        return file.functions.get(name, ()) if file is not None else ()

    def _best(self, path: str, extents: Sequence[Extent]) -> ir.Function:
        """Of the definitions in the branches of an ``#if``, take the longest."""
        return self.lowered(path, max(extents, key=lambda extent: extent.end - extent.start))

    def _is_static(self, path: str, extent: Extent) -> bool:
        file = self._sources.file(path)
        head = file.data[extent.start : extent.body[0]] if file is not None and extent.body else b""
        return b"static" in head.split()

    def _defining(self, name: str) -> tuple[str, ...]:
        """Return the files of this program that define a function."""
        if self._defined is None:
            self._defined = {}
            for path in self.files:
                file = self._sources.file(path)
                for each in file.functions if file is not None else ():
                    self._defined[each] = (*self._defined.get(each, ()), path)
        return self._defined.get(name, ())

    # Callers

    def callers(self, name: str, seen_from: str = "") -> tuple[ir.Function, ...]:
        """Return the functions that call *name*, or take its address, sorted by file and place.

        *seen_from* is the file that defines it; a static function of a ``.c`` file is looked for
        there only.
        """
        own = self._in_file(name, seen_from)
        local = bool(own) and seen_from.endswith(".c")
        if local and all(self._is_static(seen_from, extent) for extent in own):
            paths: tuple[str, ...] = (seen_from,)
        else:
            self.prefetch((name,))
            paths = self._users[name]
        return tuple(
            function
            for path in paths
            for function in self._using(name, path)
            if (function.name, function.path) != (name, seen_from)
        )

    def prefetch(self, names: Iterable[str]) -> None:
        """Search the tree for all of these names at once: as costly as for one of them.

        The tree without edits is searched, once for each name; edited files are looked at.
        """
        wanted = sorted({name for name in names if name not in self._users})
        known = self._shared.users
        new = [name for name in wanted if name not in known]
        if new:
            searched = [_searched(name) for name in new]
            paths = scope.search(self._shared.tree, searched, self.counters.outside)
            code = [path for path in paths if path.endswith((".c", ".h"))]
            for name, word in zip(new, searched, strict=True):
                known[name] = tuple(p for p in code if p in self._changed or self._holds(p, word))
        outside = self.counters.outside
        edited = {
            p for p in self._changed if p.endswith((".c", ".h")) and not p.startswith(outside)
        }
        for name in wanted:
            word = _searched(name)
            found = tuple(p for p in sorted({*known[name], *edited}) if self._holds(p, word))
            self._users[name] = found if len(found) <= _COMMON else self.files

    def _holds(self, path: str, word: bytes) -> bool:
        file = self._sources.file(path)
        return file is not None and word in file.data

    def _using(self, name: str, path: str) -> tuple[ir.Function, ...]:
        """Return the functions of a file with the word *name* in their body."""
        file = self._sources.file(path)
        extents = file.users_of(_searched(name)) if file is not None else ()
        return tuple(self.lowered(path, extent) for extent in extents)

    # Types and tables

    def type_of(self, expr: ir.Expr, function: ir.Function) -> str:
        """Return the C type of an expression in a function; empty if it is not known."""
        return self.types.type_of(expr, function)

    def member_type(self, tag: str, member: str, seen_from: str = "") -> str:
        """Return the type of a struct's member; empty if it is not known."""
        found = self.types.member_type(tag, member, seen_from)
        if found or seen_from:
            return found
        for path in self.files:
            found = self.types.member_type(tag, member, path)
            if found:
                return found
        return ""

    def enumerator(self, name: str, seen_from: str) -> int | None:
        """Return the value of an enumerator that a file or a header beside it defines."""
        return self._sources.enumerator(name, seen_from)

    def returns(self, name: str, seen_from: str) -> str:
        """Return the type that a function returns; empty if it is not known."""
        return self.types.returns(name, seen_from)

    def integer(self, type_: str, seen_from: str = "") -> Integer | None:
        """Return width and sign of an integer type, typedefs taken away; None for others."""
        return self.types.integer(type_, seen_from)

    def tables(self, path: str) -> tuple[Initialiser, ...]:
        """Return the initialisers of structs at file scope, such as tables of operations."""
        file = self._sources.file(path)
        return initialisers(file.data, path) if file is not None else ()

    def initialisers(self, tag: str) -> tuple[Initialiser, ...]:
        """Return the tables of a struct type in the files of this program."""
        return tuple(each for path in self.files for each in self.tables(path) if each.tag == tag)

    def entry_points(self, path: str) -> tuple[tuple[str, str, str, str], ...]:
        """Return (struct tag, variable, member, function) of functions that tables point to."""
        file = self._sources.file(path)
        names = file.functions if file is not None else {}
        return tuple(
            (table.tag, table.variable, member, value)
            for table in self.tables(path)
            for member, value in table.members.items()
            if value in names
        )


def _redeclares(before: SourceFile | None, now: SourceFile | None) -> bool:
    return before is None or now is None or now.redeclares(before)


def _users_after(
    name: str, paths: tuple[str, ...], changes: Mapping[str, bytes | None]
) -> tuple[str, ...]:
    """Return the files that use a name after some changed, sorted."""
    word = _searched(name)
    kept = [path for path in paths if path not in changes]
    kept += [path for path, data in changes.items() if data is not None and word in data]
    return tuple(sorted(kept))


def _is_stand_in(extent: Extent) -> bool:
    """Tell whether a function only stands in for one that is configured away."""
    return any(condition.startswith("!") for condition in extent.conditions)


def _searched(name: str) -> bytes:
    """Return the word by which a function is called: system calls have no name in the source."""
    return name.encode("utf-8", "surrogateescape")


def _same_macros(before: Mapping[str, Macro], after: Mapping[str, Macro], text: bytes) -> bool:
    """Tell whether two sets of macros mean the same to a text (and to the macros it uses)."""
    if before is after:
        return True
    differing = {
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    }
    if not differing:
        return True
    words = [name.encode() for name in differing]
    if any(word in text for word in words):
        return False
    # A macro that the text uses may use one that differs.
    used = [macro.body for name, macro in after.items() if name.encode() in text]
    while used:
        body = used.pop()
        if any(word in body for word in words):
            return False
    return True

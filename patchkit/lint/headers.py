# SPDX-License-Identifier: GPL-2.0-only
"""Files of a tree as the analysis sees them, and which headers a file can see."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial

from patchkit.lint.classifying import enumerators
from patchkit.lint.ctypes_struct import Names
from patchkit.lint.lower_macros import Macro, macros_of
from patchkit.lint.skeleton import Skeleton, skeleton
from patchkit.tree.csource import Extent
from patchkit.tree.source import Tree

_NOT_SEEN = re.compile(rb"/\*.*?\*/|//[^\n]*|^[ \t]*#(?:\\\n|[^\n])*", re.DOTALL | re.MULTILINE)
_WORD = re.compile(rb"\w+")
_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)
_DEFINING = ("DEFINE_", "DECLARE_")
_DEPTH = 40
"""Headers in headers that are followed."""
_ARCHITECTURES = ("x86", "arm64", "arm", "powerpc", "s390", "riscv", "loongarch", "mips", "sparc")
"""Whose headers a file outside of ``arch/`` may be about, the first that has them all."""


class Macros(dict[str, Macro]):
    """Macros by name; those that define something are looked for in all headers when asked for."""

    def __init__(self, known: Mapping[str, Macro], find: Callable[[str], Macro | None]) -> None:
        super().__init__(known)
        self._find = find
        self._sought: dict[str, Macro | None] = {}

    def get(self, key: str, default: Macro | None = None) -> Macro | None:  # type: ignore[override]
        found = super().get(key)
        if found is None and key.startswith(_DEFINING):
            if key not in self._sought:
                self._sought[key] = self._find(key)
            found = self._sought[key]
        return found if found is not None else default


class SourceFile:
    """A file's bytes and what is computed from them on first use."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data
        self._users: dict[bytes, tuple[Extent, ...]] = {}

    def users_of(self, word: bytes) -> tuple[Extent, ...]:
        """Return the functions with a word in their body."""
        known = self._users.get(word)
        if known is None:
            known = self._users[word] = tuple(self._using(word))
        return known

    def _using(self, word: bytes) -> Iterator[Extent]:
        if word not in self.data:
            return
        found: set[int] = set()
        for place in re.finditer(rb"(?<!\w)" + re.escape(word) + rb"(?!\w)", self.data):
            extent = self.skeleton.function_at(place.start())
            if (
                extent is not None
                and extent.body is not None
                and place.start() > extent.body[0]
                and extent.start not in found
            ):
                found.add(extent.start)
                yield extent

    @cached_property
    def skeleton(self) -> Skeleton:
        """The top-level entities."""
        return skeleton(self.data)

    @cached_property
    def functions(self) -> Mapping[str, tuple[Extent, ...]]:
        """Functions and system calls by the name that ``ir.Function`` gives them."""
        found: dict[str, tuple[Extent, ...]] = {}
        for extent in self.skeleton.functions:
            name = extent.name
            if extent.kind == "syscall":
                compat = self.data.startswith(b"COMPAT_", extent.start)
                name = f"compat_sys_{name}" if compat else f"sys_{name}"
            found[name] = (*found.get(name, ()), extent)
        return found

    @cached_property
    def declared(self) -> tuple[tuple[bytes, ...], dict[str, tuple[tuple[bytes, ...], ...]]]:
        """What others see: the words outside of functions, macros apart, and the head of each
        function by name."""
        outside: list[bytes] = []
        at = 0
        for extent in self.skeleton.functions:
            outside.append(self.data[at : extent.start])
            at = extent.end
        outside.append(self.data[at:])
        text = _NOT_SEEN.sub(b" ", b"\n".join(outside))
        heads = {
            name: tuple(
                tuple(self.data[each.start : each.body[0] if each.body else each.end].split())
                for each in extents
            )
            for name, extents in self.functions.items()
        }
        return tuple(text.split()), heads

    def redeclares(self, before: SourceFile) -> bool:
        """Tell whether what was declared before is declared in another way, or no more."""
        mine, theirs = self.declared, before.declared
        return mine[0] != theirs[0] or any(
            mine[1].get(name, head) != head for name, head in theirs[1].items()
        )

    @cached_property
    def identifiers(self) -> frozenset[str]:
        """All words of the file, those in comments included."""
        return frozenset(word.decode() for word in set(_WORD.findall(self.data)))

    @cached_property
    def macros(self) -> dict[str, Macro]:
        """The macros that the file defines."""
        return macros_of(self.data)

    @cached_property
    def enumerators(self) -> dict[str, int]:
        """The enumerators that the file defines, with their values."""
        return enumerators(self.data)

    @cached_property
    def names(self) -> Names:
        """What the file seems to declare, for quick look-ups."""
        return Names(self.data, header=self.path.endswith(".h"))

    @cached_property
    def includes(self) -> tuple[tuple[bool, str], ...]:
        """What the file includes: (in quotes, path as written)."""
        return tuple(
            (found[1] == b'"', found[2].decode("utf-8", "backslashreplace"))
            for found in _INCLUDE.finditer(self.data)
        )


class Files:
    """The files of a tree, each read at most once, and their headers.

    ``edited`` gives one for a tree with changes that shares all that stays the same.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._files: dict[str, SourceFile | None] = {}
        self._closures: dict[str, tuple[str, ...]] = {}
        self._local: dict[str, tuple[str, ...]] = {}
        self._visible: dict[str, tuple[SourceFile, ...]] = {}
        self._directories: dict[str, tuple[str, ...]] = {}
        self._macros: dict[str, Macros] = {}
        self._architectures: dict[str, str] = {}

    def edited(self, tree: Tree, changes: Mapping[str, bytes | None]) -> Files:
        """Return the files of *tree*, which is this one's with *changes* (None for deleted)."""
        other = Files(tree)
        other._files = dict(self._files)
        same_names = same_includes = True
        for path, data in changes.items():
            before = self.file(path)
            after = None if data is None else SourceFile(path, data)
            other._files[path] = after
            same_names = same_names and (before is None) == (after is None)
            same_includes = same_includes and (
                before is not None and after is not None and before.includes == after.includes
            )
        if same_names:
            other._directories = self._directories
        if same_includes and same_names:
            other._closures = self._closures
            other._local = self._local
            if not any(path.endswith(".h") for path in changes):
                other._macros = {p: m for p, m in self._macros.items() if p not in changes}
        return other

    def file(self, path: str) -> SourceFile | None:
        """Return a file; None when there is none."""
        if path not in self._files:
            data = self.tree.read(path)
            self._files[path] = None if data is None else SourceFile(path, data)
        return self._files[path]

    def directory(self, path: str) -> tuple[str, ...]:
        """Return the C files in the directory of a file, not those further down."""
        name = path.rpartition("/")[0]
        if name not in self._directories:
            depth = name.count("/") + 1 if name else 0
            self._directories[name] = tuple(
                found
                for found in self.tree.list(name)
                if found.count("/") == depth and found.endswith((".c", ".h"))
            )
        return self._directories[name]

    def headers(self, path: str) -> tuple[str, ...]:
        """Return all headers that a file includes, those in headers too, the nearest first."""
        known = self._closures.get(path)
        if known is None:
            known = self._closures[path] = self._reachable(path, quoted_only=False)
        return known

    def visible(self, path: str) -> tuple[SourceFile, ...]:
        """Return a file and all headers that it sees, the nearest first."""
        known = self._visible.get(path)
        if known is None:
            files = (self.file(name) for name in (path, *self.headers(path)))
            known = self._visible[path] = tuple(file for file in files if file is not None)
        return known

    def local_headers(self, path: str) -> tuple[str, ...]:
        """Return the headers that are included in quotes, directly or by such a header."""
        known = self._local.get(path)
        if known is None:
            known = self._local[path] = self._reachable(path, quoted_only=True)
        return known

    def macros(self, path: str) -> Macros:
        """Return the macros of a file and of its local headers."""
        known = self._macros.get(path)
        if known is None:
            found: dict[str, Macro] = {}
            for name in (*reversed(self.local_headers(path)), path):
                file = self.file(name)
                if file is not None:
                    found.update(file.macros)
            known = self._macros[path] = Macros(found, partial(self._defined, path=path))
        return known

    def enumerator(self, name: str, path: str) -> int | None:
        """Return the value of an enumerator of a file or of its local headers, None if unknown."""
        for header in (path, *self.local_headers(path)):
            file = self.file(header)
            if file is not None and name in file.enumerators:
                return file.enumerators[name]
        return None

    def _defined(self, name: str, path: str) -> Macro | None:
        """Return a macro that a header of a file defines."""
        for header in self.headers(path):
            file = self.file(header)
            if file is not None and name.encode() in file.data and name in file.macros:
                return file.macros[name]
        return None

    def _reachable(self, path: str, quoted_only: bool) -> tuple[str, ...]:
        seen = {path}
        found: list[str] = []
        level = [path]
        for _ in range(_DEPTH):
            following: list[str] = []
            for name in level:
                file = self.file(name)
                for quoted, written in file.includes if file is not None else ():
                    if quoted_only and not quoted:
                        continue
                    header = self._resolve(name, path, quoted, written)
                    if header is not None and header not in seen:
                        seen.add(header)
                        following.append(header)
            if not following:
                break
            found += following
            level = following
        return tuple(found)

    def _resolve(self, includer: str, origin: str, quoted: bool, written: str) -> str | None:
        """Return the path of an included header; None when the tree has none."""
        candidates: list[str] = []
        if quoted:
            for base in dict.fromkeys((includer, origin)):
                candidates.append(_joined(base.rpartition("/")[0], written))
        if written.startswith("asm/"):
            candidates += _of_architecture(self._architecture(origin), written)
        candidates += [f"include/{written}", f"include/uapi/{written}"]
        for candidate in candidates:
            if self.file(candidate) is not None:
                return candidate
        return None

    def _architecture(self, path: str) -> str:
        """Return the architecture that a file is compiled for, as what it includes itself tells."""
        if path.startswith("arch/"):
            return path.split("/")[1]
        known = self._architectures.get(path)
        if known is None:
            file = self.file(path)
            wanted = [name for _, name in file.includes if name[:4] == "asm/"] if file else []
            known = self._architectures[path] = next(
                (
                    each
                    for each in _ARCHITECTURES
                    if all(any(map(self.file, _of_architecture(each, name))) for name in wanted)
                ),
                _ARCHITECTURES[0],
            )
        return known


def _of_architecture(architecture: str, written: str) -> list[str]:
    """Return where ``asm/…`` may be for an architecture."""
    return [
        f"arch/{architecture}/include/{written}",
        f"arch/{architecture}/include/uapi/{written}",
        f"include/asm-generic/{written[4:]}",
        f"include/uapi/asm-generic/{written[4:]}",
    ]


def _joined(directory: str, written: str) -> str:
    """Return a path as seen from a directory, ``..`` taken out."""
    parts = directory.split("/") if directory else []
    for part in written.split("/"):
        if part == "..":
            if parts:
                parts.pop()
        elif part not in (".", ""):
            parts.append(part)
    return "/".join(parts)

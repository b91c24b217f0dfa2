# SPDX-License-Identifier: GPL-2.0-only
"""What a tree's Kconfig files define, and what a configuration of one architecture can have.

This is no Kconfig: it explains to a person why an option was not granted. Lines that follow a
``config`` are looked at one by one (Documentation/kbuild/kconfig-language.rst has their syntax).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from patchkit.build.arch import Arch
from patchkit.build.fragments import Dropped, Option

_DEFINITION = re.compile(r"\s*(?:menu)?config\s+([A-Za-z0-9_]+)\s*(?:#.*)?")
_DEPENDS = re.compile(r"\s+depends on\s+(.*?)\s*")
_SELECTS = re.compile(r"\s+(?:select|imply)\s+([A-Za-z0-9_]+).*")
# With a prompt somebody can turn it on; with a default it may come on by itself.
_SETTABLE = re.compile(r"\s+(?:(?:bool|tristate|int|hex|string|prompt)\s+[\"']|def(?:ault|_)).*")
_SYMBOL = re.compile(r"\b[A-Z][A-Z0-9_]*\b")


@dataclass(frozen=True, slots=True)
class Definition:
    """One ``config`` entry."""

    file: str
    line: int
    depends: list[str] = field(default_factory=list)

    @property
    def conjuncts(self) -> tuple[str, ...]:
        """Symbols that all have to be on; those of an alternative are left out."""
        return tuple(
            term
            for line in self.depends
            for term in (part.strip() for part in line.split("&&"))
            if "|" not in line and _SYMBOL.fullmatch(term)
        )


@dataclass(frozen=True, slots=True)
class Definitions:
    """All entries that one architecture's configuration is made from."""

    entries: Mapping[str, list[Definition]]
    reachable: frozenset[str]
    """Symbols that can be on: by a prompt or a default, or because another entry selects them."""

    def explain(self, option: Option, config: Mapping[str, str], arch: Arch) -> Dropped:
        """Say whether *option*, which *config* has not as asked for, can be had, and why not."""
        found = config.get(option.name, "n")
        places = self.entries.get(option.name)
        if places is None:
            near = difflib.get_close_matches(option.name, self.entries, 1)
            why = f"this tree has no such option for {arch.kernel}"
            return Dropped(option, found, False, why + (f"; nearest: {near[0]}" if near else ""))
        place = places[0]
        why = f"{place.file}:{place.line}"
        if place.depends:
            why += " depends on " + " && ".join(place.depends)
        symbols = dict.fromkeys(_SYMBOL.findall(" ".join(place.depends)))
        if off := [name for name in symbols if name not in config]:
            why += f"; off: {', '.join(off)}"
        never = [
            name for name in place.conjuncts
            if name not in config and name in self.entries and name not in self.reachable
        ]  # fmt: skip
        if never:
            why += f"; nothing turns {', '.join(never)} on for {arch.kernel}"
        return Dropped(option, found, not never, why)


def read_definitions(source: Path, arch: Arch) -> Definitions:
    """Return what the Kconfig files of the tree in *source* define for *arch*."""
    entries: dict[str, list[Definition]] = {}
    reachable = set()
    for file, number, line, name in _lines(source, arch):
        if _DEFINITION.fullmatch(line):
            entries.setdefault(name, []).append(Definition(file, number))
        elif match := _DEPENDS.fullmatch(line):
            entries[name][-1].depends.append(match[1])
        elif match := _SELECTS.fullmatch(line):
            reachable.add(match[1])
        elif _SETTABLE.fullmatch(line):
            reachable.add(name)
    return Definitions(entries, frozenset(reachable))


def _lines(source: Path, arch: Arch) -> Iterator[tuple[str, int, str, str]]:
    """Yield file, number, text and symbol of every line that belongs to an entry."""
    # The directory of the architecture, which is not always called like it: arch/x86.
    own = PurePosixPath(arch.image).parts[1]
    for path in sorted(source.rglob("Kconfig*")):
        relative = path.relative_to(source)
        top, below, *rest = (*relative.parts, "", "")
        other = top == "arch" and any(rest) and below != own
        if other or not path.is_file() or path.is_symlink():
            continue
        name = ""
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if match := _DEFINITION.fullmatch(line):
                name = match[1]
            if name:
                yield relative.as_posix(), number, line, name

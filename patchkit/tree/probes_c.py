# SPDX-License-Identifier: GPL-2.0-only
"""Probes of C entities: what is defined, with which parameters, members and contents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from patchkit.tree.csource import CSource, Extent
from patchkit.tree.finding import FactValue, Finding, Options, alternatives
from patchkit.tree.pattern import Match, compile_pattern
from patchkit.tree.reader import Reader
from patchkit.tree.shapes import members, parameters
from patchkit.tree.shapes import return_type as type_of


@dataclass(frozen=True, slots=True)
class Place:
    """An entity that was found."""

    path: str
    source: CSource
    extent: Extent

    @property
    def line(self) -> int:
        """The line of the name, as near as the head tells: where the declaration begins."""
        return self.extent.line

    def says(self) -> str:
        """Return ``function foo`` with the conditions it stands under."""
        under = " && ".join(self.extent.conditions)
        return f"{self.extent.kind} {self.extent.name}" + (f" (if {under})" if under else "")


def find(source: CSource, wanted: str) -> tuple[Extent, ...]:
    """Return the entities that ``KIND NAME`` or ``KIND NAME if CONDITION`` names."""
    kind, _, rest = wanted.strip().partition(" ")
    name, _, condition = rest.strip().partition(" if ")
    return tuple(
        extent
        for extent in source.find(kind, name.strip())
        if not condition or condition.strip() in extent.conditions
    )


def _places(options: Options, reader: Reader) -> Iterator[Place]:
    """Yield all entities that are named, by file, then by alternative, then by position."""
    for path in options.texts("file"):
        source = reader.source(path)
        if source is None:
            continue
        for wanted in options.texts("entity"):
            for extent in find(source, wanted):
                yield Place(path, source, extent)


def _absent(options: Options, value: FactValue) -> Finding:
    files = options.texts("file")
    wanted = alternatives(options.texts("entity"))
    return Finding(value, files[0], 0, f"no {wanted} in {alternatives(files)}")


def _of_first(
    options: Options, reader: Reader, nothing: FactValue, value: Callable[[Place], FactValue]
) -> Finding:
    """Return *value* of the first entity that is defined, *nothing* if none is."""
    for place in _places(options, reader):
        return Finding(value(place), place.path, place.line, f"{place.says()} is defined here")
    return _absent(options, nothing)


def entity(options: Options, reader: Reader) -> Finding:
    """Is it defined?"""
    return _of_first(options, reader, False, lambda place: True)


def where(options: Options, reader: Reader) -> Finding:
    """Which file defines it?"""
    return _of_first(options, reader, "", lambda place: place.path)


def which(options: Options, reader: Reader) -> Finding:
    """Which of the alternatives is defined?"""
    return _of_first(options, reader, "", lambda place: place.extent.name)


def _names(place: Place) -> FactValue:
    return tuple(named.name for named in parameters(place.source, place.extent))


def _types(place: Place) -> FactValue:
    return tuple(named.type for named in parameters(place.source, place.extent))


def params(options: Options, reader: Reader) -> Finding:
    """What are the parameters called?"""
    return _of_first(options, reader, (), _names)


def param_types(options: Options, reader: Reader) -> Finding:
    """What types do the parameters have?"""
    return _of_first(options, reader, (), _types)


def return_type(options: Options, reader: Reader) -> Finding:
    """What does the function return?"""
    return _of_first(options, reader, "", lambda place: type_of(place.source, place.extent))


def _search(options: Options, reader: Reader, tokens: str) -> tuple[str, Match] | Finding:
    """Look for tokens in the entities named, or in the files when none is named."""
    pattern = compile_pattern(tokens)
    files = options.texts("file")
    if options.texts("entity"):
        first: Place | None = None
        for place in _places(options, reader):
            extent = place.extent
            found = pattern.search(place.source.tokens_in(extent.start, extent.end))
            if found is not None:
                return place.path, found
            first = first or place
        if first is None:
            return _absent(options, False)
        why = f"no `{tokens}` in {first.extent.kind} {first.extent.name}"
        return Finding(False, first.path, first.line, why)
    looked = ""
    there = files[0]
    for path in files:
        source = reader.source(path)
        if source is None:
            continue
        there = looked = looked or path
        found = pattern.search(source.tokens)
        if found is not None:
            return path, found
    if not looked:
        return Finding(False, there, 0, f"no {alternatives(files)}")
    return Finding(False, there, 0, f"no `{tokens}` in {alternatives(files)}")


def contains(options: Options, reader: Reader) -> Finding:
    """Do these tokens occur?"""
    found = _search(options, reader, options.text("tokens"))
    if isinstance(found, Finding):
        return found
    path, match = found
    return Finding(True, path, match.first.line, f"`{options.text('tokens')}` is here")


def capture(options: Options, reader: Reader) -> Finding:
    """What does ``$name`` stand for?"""
    found = _search(options, reader, options.text("tokens"))
    if isinstance(found, Finding):
        return Finding("", found.file, found.line, found.why)
    path, match = found
    text = match.captures.get(options.text("name"), "")
    return Finding(text, path, match.first.line, f"`{options.text('tokens')}` is here")


def calls(options: Options, reader: Reader) -> Finding:
    """Does the body call a function?"""
    callee = options.text("function")
    pattern = compile_pattern(f"{callee}(")
    first: Place | None = None
    for place in _places(options, reader):
        first = first or place
        if place.extent.body is None:
            continue
        found = pattern.search(place.source.tokens_in(*place.extent.body))
        if found is not None:
            why = f"{place.extent.name}() calls {callee}()"
            return Finding(True, place.path, found.first.line, why)
    if first is None:
        return _absent(options, False)
    return Finding(False, first.path, first.line, f"{first.extent.name}() does not call {callee}()")


def _member(options: Options, reader: Reader) -> tuple[str, Finding]:
    """Return the type of a member ("" when it is not there) and where it is."""
    wanted = options.text("member")
    first: Place | None = None
    for place in _places(options, reader):
        if place.extent.body is None:
            continue
        first = first or place
        for named in members(place.source, place.extent):
            if named.name == wanted:
                blank = "" if named.type.endswith("*") else " "
                has = f"{named.type}{blank}{named.name}"
                why = f"{place.extent.kind} {place.extent.name} has {has}"
                return named.type or "?", Finding(True, place.path, named.line, why)
    if first is None:
        return "", _absent(options, False)
    why = f"{first.extent.kind} {first.extent.name} has no {wanted}"
    return "", Finding(False, first.path, first.line, why)


def member(options: Options, reader: Reader) -> Finding:
    """Does the struct have the member?"""
    return _member(options, reader)[1]


def member_type(options: Options, reader: Reader) -> Finding:
    """What type has the member, or is it of this type?"""
    kind, found = _member(options, reader)
    value: FactValue = kind
    if "is" in options.fields:
        value = kind == " ".join(options.text("is").split())
    return Finding(value, found.file, found.line, found.why)


def macro_value(options: Options, reader: Reader) -> Finding:
    """What does the macro stand for?"""
    name = options.text("macro")
    files = options.texts("file")
    for path in files:
        source = reader.source(path)
        for extent in source.find("macro", name) if source is not None else ():
            assert source is not None
            text = source.tokens_in(extent.start, extent.end)[0].text
            value = macro_text(text, name)
            return Finding(value, path, extent.line, f"{name} is {value or 'empty'}")
    return Finding("", files[0], 0, f"no #define {name} in {alternatives(files)}")


def macro_text(directive: bytes, name: str) -> str:
    """Return what follows the name (and the parameters) in a normalised ``#define``."""
    rest = directive.decode("utf-8", "backslashreplace")[1:].strip()[len("define") :].strip()
    rest = rest[len(name) :]
    if rest.startswith("("):
        rest = rest.partition(")")[2]
    return rest.strip()

# SPDX-License-Identifier: GPL-2.0-only
"""Facts: named answers to questions about a tree, each with the place that it was read from.

Questions are defined in TOML, under ``[facts.NAME]``: ``probe`` names the kind (see ``probes``),
``about`` says in words what is asked, the rest are the kind's fields. Nothing is probed before it
is asked for, nothing twice.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patchkit.errors import TemplateError
from patchkit.tree import factcache
from patchkit.tree.finding import FactValue, Finding, Options
from patchkit.tree.pattern import compile_pattern
from patchkit.tree.probes import KINDS
from patchkit.tree.reader import Reader, identify
from patchkit.tree.source import Tree

__all__ = ["Definition", "Definitions", "Fact", "FactSet", "FactValue", "load_definitions", "probe"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact: what holds in a tree, and where that was seen.

    *line* counts from 1; 0 stands for the file as a whole. *why* is one sentence.
    """

    name: str
    value: FactValue
    file: str
    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Definition:
    """A question: its name, kind, fields, and the file that defines it."""

    name: str
    probe: str
    about: str
    options: Options
    source: str

    @property
    def digest(self) -> str:
        """What identifies the question; neither name nor wording matter."""
        text = json.dumps([self.probe, dict(self.options.fields)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


class Definitions(Mapping[str, Definition]):
    """Definitions by name, from one or several files."""

    def __init__(self, definitions: Mapping[str, Definition]) -> None:
        self._definitions = dict(definitions)

    def __getitem__(self, name: str) -> Definition:
        return self._definitions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._definitions)

    def __len__(self) -> int:
        return len(self._definitions)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `` (did you mean X?)`` for a word that is not known, "" when nothing is near."""
    found = difflib.get_close_matches(name, list(known), 1)
    return f" (did you mean {found[0]}?)" if found else ""


def load_definitions(*tomls: Path) -> Definitions:
    """Read the ``[facts.NAME]`` tables of the files; other tables are not looked at.

    TemplateError for what cannot be read, for an unknown kind or key, a field of the wrong form, a
    name defined twice, and a combination of facts that do not exist or need each other.
    """
    definitions: dict[str, Definition] = {}
    for path in tomls:
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise TemplateError(f"{path}: cannot be read: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise TemplateError(f"{path}: {error}") from error
        tables = content.get("facts", {})
        if not isinstance(tables, dict):
            raise TemplateError(f"{path}: expected [facts.NAME] tables, found facts = {tables!r}")
        for name, table in tables.items():
            if name in definitions:
                other = definitions[name].source
                raise TemplateError(f"{path}: [facts.{name}] is defined in {other} already")
            definitions[name] = _definition(name, table, str(path))
    _check_combinations(definitions)
    return Definitions(definitions)


def _definition(name: str, table: Any, source: str) -> Definition:
    here = f"{source}: [facts.{name}]"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise TemplateError(f"{here}: expected a name of a-z, 0-9 and _, for templates to use")
    if not isinstance(table, dict) or not isinstance(table.get("probe"), str):
        raise TemplateError(f"{here}: expected a table with probe = one of {', '.join(KINDS)}")
    fields = dict(table)
    kind_name = fields.pop("probe")
    about = fields.pop("about", "")
    if kind_name not in KINDS:
        raise TemplateError(f"{here}: unknown probe {kind_name!r}{nearest(kind_name, KINDS)}")
    kind = KINDS[kind_name]
    for key in fields:
        if key not in kind.fields:
            raise TemplateError(
                f"{here}: probe {kind_name} has no {key!r}"
                f"{nearest(key, [*kind.fields, 'about', 'probe'])};"
                f" it has {', '.join(kind.fields)}"
            )
    for key, form in kind.fields.items():
        if key not in fields:
            if not form.endswith("?"):
                raise TemplateError(f"{here}: probe {kind_name} needs {key}")
            continue
        if not _has_form(fields[key], form.rstrip("?")):
            wanted = {"str": "a string", "strs": "a string or a list of strings",
                      "int": "a number", "ints": "a list of numbers"}[form.rstrip("?")]  # fmt: skip
            raise TemplateError(f"{here}: expected {key} to be {wanted}, found {fields[key]!r}")
    _check_fields(here, kind_name, fields)
    return Definition(name, kind_name, str(about), Options(fields), source)


def _has_form(value: object, form: str) -> bool:
    if form == "str":
        return isinstance(value, str)
    if form == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    if form == "strs" and isinstance(value, str):
        return bool(value)
    wanted = str if form == "strs" else int
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, wanted) and not isinstance(item, bool) for item in value)
    )


_ENTITY = re.compile(
    r"(function|syscall|struct|union|enum|macro|variable|declaration|typedef|invocation) \S"
)


def _check_fields(here: str, kind: str, fields: Mapping[str, Any]) -> None:
    """Refuse patterns, expressions and entities that could never match."""
    if "tokens" in fields:
        try:
            compile_pattern(fields["tokens"])
        except ValueError as error:
            raise TemplateError(f"{here}: tokens = {fields['tokens']!r}: {error}") from error
    if kind == "capture" and f"${fields['name']}" not in fields["tokens"]:
        raise TemplateError(f"{here}: expected ${fields['name']} in tokens, as name says")
    if "regex" in fields:
        try:
            re.compile(fields["regex"])
        except re.error as error:
            raise TemplateError(f"{here}: regex = {fields['regex']!r}: {error}") from error
    for wanted in Options(fields).texts("entity"):
        if not _ENTITY.match(wanted):
            raise TemplateError(
                f"{here}: expected entity to be KIND NAME, such as 'function mlock_fixup',"
                f" found {wanted!r}"
            )
    if kind == "paths" and not {"file", "glob"} & set(fields):
        raise TemplateError(f"{here}: probe paths needs file or glob")


def _parts(definition: Definition) -> tuple[str, ...]:
    """Return the names of the facts that a combination combines."""
    if definition.probe in ("all", "any"):
        return definition.options.texts("facts")
    if definition.probe == "not":
        return definition.options.texts("fact")
    return ()


def _check_combinations(definitions: Mapping[str, Definition]) -> None:
    """Refuse combinations of unknown facts, and circles."""
    for name, definition in definitions.items():
        for part in _parts(definition):
            if part not in definitions:
                raise TemplateError(
                    f"{definition.source}: [facts.{name}]: no fact {part!r}"
                    f"{nearest(part, definitions)}"
                )
    done: set[str] = set()
    for first in definitions:
        # Depth first without recursion: a name on the path that comes again is a circle.
        path: list[str] = []
        pending: list[tuple[str, bool]] = [(first, False)]
        while pending:
            name, leaving = pending.pop()
            if leaving:
                path.pop()
                done.add(name)
                continue
            if name in path:
                circle = " → ".join([*path[path.index(name) :], name])
                raise TemplateError(f"{definitions[name].source}: facts need each other: {circle}")
            if name in done:
                continue
            path.append(name)
            pending.append((name, True))
            pending.extend((part, False) for part in _parts(definitions[name]))


class FactSet(Mapping[str, Fact]):
    """The facts of one tree; each is probed when it is first asked for."""

    def __init__(self, definitions: Definitions, tree: Tree) -> None:
        self.definitions = definitions
        self.tree = tree
        self._known: dict[str, Fact] = {}
        self._identities: dict[str, str] = {}

    def __getitem__(self, name: str) -> Fact:
        if name not in self._known:
            if name not in self.definitions:
                raise KeyError(name)
            self._probe(name)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.definitions)

    def __len__(self) -> int:
        return len(self.definitions)

    def __contains__(self, name: object) -> bool:
        return name in self.definitions

    def value(self, name: str) -> FactValue:
        """Return a fact's value; TemplateError when no such fact is defined."""
        if name not in self.definitions:
            raise TemplateError(f"no fact {name!r} is defined{nearest(name, self.definitions)}")
        return self[name].value

    def values_for(self, names: Iterable[str]) -> dict[str, FactValue]:
        """Return plain values by name; TemplateError when one is not defined."""
        return {name: self.value(name) for name in names}

    @property
    def asked(self) -> tuple[Fact, ...]:
        """The facts that have been probed so far, in the order of their definition."""
        return tuple(self._known[name] for name in self.definitions if name in self._known)

    def _probe(self, first: str) -> None:
        """Probe a fact, after those that it combines."""
        pending = [first]
        while pending:
            definition = self.definitions[pending[-1]]
            missing = [part for part in _parts(definition) if part not in self._known]
            if missing:
                pending.extend(missing)
                continue
            name = pending.pop()
            if name not in self._known:
                found = self._combine(definition) or self._look(definition)
                self._known[name] = Fact(name, found.value, found.file, found.line, found.why)

    def _combine(self, definition: Definition) -> Finding | None:
        parts = [self._known[name] for name in _parts(definition)]
        if definition.probe == "not":
            fact = parts[0]
            return Finding(not fact.value, fact.file, fact.line, fact.why)
        if definition.probe not in ("all", "any"):
            return None
        # The evidence is the fact that decides: the first that is false (all) or true (any).
        deciding = definition.probe == "any"
        for fact in parts:
            if bool(fact.value) is deciding:
                return Finding(deciding, fact.file, fact.line, f"{fact.name}: {fact.why}")
        names = ", ".join(fact.name for fact in parts)
        fact = parts[0]
        verb = "none holds" if deciding else "all hold"
        return Finding(not deciding, fact.file, fact.line, f"{names}: {verb}; {fact.why}")

    def _look(self, definition: Definition) -> Finding:
        for reads, finding in factcache.entries(definition.digest):
            if all(self._identity(key) == value for key, value in reads.items()):
                return finding
        reader = Reader(self.tree)
        kind = KINDS[definition.probe]
        assert kind.probe is not None
        finding = kind.probe(definition.options, reader)
        factcache.keep(definition.digest, reader.reads, finding)
        return finding

    def _identity(self, key: str) -> str:
        if key not in self._identities:
            self._identities[key] = identify(self.tree, key)
        return self._identities[key]


def probe(definitions: Definitions, tree: Tree) -> FactSet:
    """Return the facts of *tree*; nothing is read before a fact is asked for."""
    return FactSet(definitions, tree)

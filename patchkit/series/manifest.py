# SPDX-License-Identifier: GPL-2.0-only
"""``series.toml``: what a series consists of. What is wrong is refused with file and key."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from patchkit.errors import TemplateError, UserError
from patchkit.series.policy import path_problem

MANIFEST = "series.toml"
SUFFIX = ".patch.j2"
SHARED_FACTS = "facts.toml"
"""In the templates directory: facts that several series use."""

_TAG = re.compile(r"\{#.*?#\}|\{%.*?%\}", re.DOTALL)
_REFERENCE = re.compile(rb"[\"']([\w./-]+\.j2)[\"']")


class _Requirement(msgspec.Struct, forbid_unknown_fields=True):
    fact: str
    message: str


class _Patch(msgspec.Struct, forbid_unknown_fields=True):
    template: str
    when: str = ""
    why: str = ""
    holds: list[str] = []
    requires: list[_Requirement] = []


class _Series(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    title: str
    about: str = ""
    needs: list[str] = []
    after: list[str] = []


class _Manifest(msgspec.Struct, forbid_unknown_fields=True):
    series: _Series
    patch: list[_Patch] = []
    data: dict[str, Any] = {}
    facts: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Requirement:
    """A fact that must hold before a patch; *message* says what it means when it does not."""

    fact: str
    message: str


@dataclass(frozen=True, slots=True)
class Patch:
    """One ``[[patch]]``: *id* is the template's file name without ``.patch.j2``.

    *digest* identifies everything that the patch is made of: its table, the series' data, its
    template and the templates that this refers to. *subject* is that of the template before it is
    rendered, or the id where it depends on facts.
    """

    id: str
    template: str
    subject: str
    when: str
    why: str
    holds: tuple[str, ...]
    requires: tuple[Requirement, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Series:
    """A series: its manifest, read and checked.

    *needs* come with it and before it; those of *after* come before it if they are asked for, too.
    """

    name: str
    title: str
    about: str
    needs: tuple[str, ...]
    after: tuple[str, ...]
    data: dict[str, Any]
    patches: tuple[Patch, ...]
    directory: Path

    @property
    def manifest(self) -> Path:
        """The series.toml, which also defines the series' own facts."""
        return self.directory / MANIFEST


def list_series(templates: Path) -> list[Series]:
    """Return all series in a templates directory, by name."""
    if not templates.is_dir():
        raise UserError(f"{templates}: expected a templates directory, found none")
    names = sorted(path.parent.name for path in templates.glob(f"*/{MANIFEST}"))
    return [load_series(templates, name) for name in names]


def load_series(templates: Path, name: str) -> Series:
    """Read one series; UserError when there is no such series, TemplateError when it is wrong."""
    if path_problem(name) or "/" in name or not (templates / name / MANIFEST).is_file():
        known = sorted(path.parent.name for path in templates.glob(f"*/{MANIFEST}"))
        close = difflib.get_close_matches(name, known, 1)
        maybe = f"; did you mean {close[0]}?" if close else ""
        raise UserError(
            f"no series {name!r} in {templates}; there is {', '.join(known) or 'none'}{maybe}",
            hint="patchkit list",
        )
    path = templates / name / MANIFEST
    manifest = _read(path)
    if manifest.series.name != name:
        raise TemplateError(
            f"{path}: series.name: expected {name!r} as the directory, found "
            f"{manifest.series.name!r}"
        )
    if not manifest.patch:
        raise TemplateError(f"{path}: expected at least one [[patch]], found none")
    patches = tuple(
        _patch(patch, index, manifest, path) for index, patch in enumerate(manifest.patch)
    )
    seen: set[str] = set()
    for patch in patches:
        if patch.id in seen:
            raise TemplateError(f"{path}: {patch.template} appears twice")
        seen.add(patch.id)
    return Series(
        name, manifest.series.title, manifest.series.about, tuple(manifest.series.needs),
        tuple(manifest.series.after), manifest.data, patches, path.parent,
    )  # fmt: skip


def _read(path: Path) -> _Manifest:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TemplateError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path}: {error}") from error
    try:
        return msgspec.convert(content, _Manifest)
    except msgspec.ValidationError as error:
        text, _, key = str(error).partition(" - at ")
        key = key.strip("`").removeprefix("$.") or "the top"
        unknown = re.search(r"unknown field `(\w+)`", text)
        if unknown is not None:
            text += _suggestion(unknown[1])
        raise TemplateError(f"{path}: {key}: {text}", hint="docs/semantic-patches.md") from error


def _suggestion(key: str) -> str:
    known = {
        field
        for struct in (_Manifest, _Series, _Patch, _Requirement)
        for field in struct.__struct_fields__
    }
    close = difflib.get_close_matches(key, sorted(known), 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _patch(patch: _Patch, index: int, manifest: _Manifest, path: Path) -> Patch:
    here = f"{path}: patch[{index}]"
    problem = path_problem(patch.template)
    if problem or "/" in patch.template:
        problem = problem or "is in another directory"
        raise TemplateError(f"{here}.template: the path {patch.template!r} {problem}")
    if not patch.template.endswith(SUFFIX) or patch.template == SUFFIX:
        raise TemplateError(f"{here}.template: expected NAME{SUFFIX}, found {patch.template!r}")
    template = path.parent / patch.template
    if not template.is_file():
        close = difflib.get_close_matches(
            patch.template, [other.name for other in path.parent.glob(f"*{SUFFIX}")], 1
        )
        maybe = f"; did you mean {close[0]}?" if close else ""
        raise TemplateError(f"{here}.template: {template} is not there{maybe}")
    if patch.when and not patch.why:
        raise TemplateError(f"{here}.why: 'when' needs a 'why' to tell people when it is false")
    requires = tuple(Requirement(item.fact, item.message) for item in patch.requires)
    return Patch(
        patch.template.removesuffix(SUFFIX), patch.template, _subject(template), patch.when,
        patch.why, tuple(patch.holds), requires, _digest(patch, manifest, template),
    )  # fmt: skip


def _subject(template: Path) -> str:
    text = _TAG.sub("", template.read_text(encoding="utf-8")).lstrip()
    subject = text.partition("\n")[0].rstrip()
    return subject if "{{" not in subject else template.name.removesuffix(SUFFIX)


def _digest(patch: _Patch, manifest: _Manifest, template: Path) -> str:
    summed = hashlib.sha256(msgspec.json.encode((patch, manifest.data), order="sorted"))
    pending, seen = [template], {template}
    while pending:
        path = pending.pop(0)
        content = path.read_bytes()
        summed.update(b"\0".join((path.name.encode(), str(len(content)).encode(), content)))
        for name in sorted(set(_REFERENCE.findall(content))):
            found = find_template(name.decode(), template.parent)
            if found is not None and found not in seen:
                seen.add(found)
                pending.append(found)
    return summed.hexdigest()


def find_template(name: str, series: Path) -> Path | None:
    """Return the template of this name: beside the series' manifest, or beside the series.

    None when there is none, and for names that lead out of the templates directory, be it by
    ``..`` or through a symbolic link.
    """
    if path_problem(name):
        return None
    root = series.parent.resolve()
    for directory in (series, series.parent):
        path = directory / name
        if path.is_file() and path.resolve().is_relative_to(root):
            return path
    return None

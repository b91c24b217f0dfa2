# SPDX-License-Identifier: GPL-2.0-only
"""Carry out a parsed semantic patch on a tree: file changes, or a conflict that explains itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from patchkit.errors import ConflictError, TemplateError
from patchkit.series import report
from patchkit.series.edit import Editor
from patchkit.series.includes import include_edits
from patchkit.series.index import index
from patchkit.series.layout import Edit, above_comments, apply_edits, line_start
from patchkit.series.match import Matches, Occurrence, search
from patchkit.series.model import FileChange
from patchkit.series.outside import outside_edit
from patchkit.series.pattern import Pattern, compile_hunk
from patchkit.series.policy import check_path, check_place
from patchkit.series.semantic import FileEdit, Hunk, SemanticPatch
from patchkit.series.stream import Stream, c_stream, text_stream
from patchkit.tree.conditions import readable
from patchkit.tree.csource import Extent
from patchkit.tree.source import REGULAR, Tree

NewFile = Callable[[str], bytes]
"""Gives the content of ``@@ new "FILE" @@``."""


@dataclass(frozen=True, slots=True)
class _Region:
    """A stretch of a file that a hunk is looked for in."""

    name: str
    start: int
    end: int


def apply(patch: SemanticPatch, tree: Tree, new_file: NewFile) -> tuple[FileChange, ...]:
    """Return what a patch changes in a tree.

    ConflictError with all conflicts of the patch, not only the first. TemplateError when the patch
    makes no sense whatever the tree.
    """
    changes: list[FileChange] = []
    conflicts: list[str] = []
    for edit in patch.files:
        check_path(edit.path, edit.origin)
        check_place(tree, edit.path, edit.origin)
        try:
            change = _change(edit, tree, new_file)
        except ConflictError as error:
            conflicts.append(error.message)
            continue
        if change is not None:
            changes.append(change)
    if conflicts:
        raise ConflictError("\n".join(conflicts))
    return tuple(changes)


def _change(edit: FileEdit, tree: Tree, new_file: NewFile) -> FileChange | None:
    old = tree.read(edit.path)
    mode = tree.mode(edit.path) or REGULAR
    if edit.action == "create":
        hunk = edit.hunks[0]
        if old is not None:
            raise ConflictError(
                f"{edit.path}: to be created ({edit.origin}), but this tree has such a file"
            )
        if hunk.source:
            return FileChange(edit.path, None, new_file(hunk.source), hunk.mode)
        return FileChange(
            edit.path, None, b"".join(line.text + b"\n" for line in hunk.lines), hunk.mode
        )
    if old is None:
        raise ConflictError(report.no_file(edit.path, edit.origin, tree))
    if edit.action == "delete":
        return FileChange(edit.path, old, None, mode)
    edits: list[Edit] = []
    conflicts: list[str] = []
    for hunk in edit.hunks:
        try:
            edits += hunk_edits(hunk, old, edit.path, tree)
        except ConflictError as error:
            conflicts.append(error.message)
    if conflicts:
        raise ConflictError("\n".join(conflicts))
    try:
        new = apply_edits(old, edits)
    except ValueError as error:
        raise TemplateError(f"{edit.origin}: {edit.path}: {error}; join the hunks") from error
    return None if new == old else FileChange(edit.path, old, new, mode)


def hunk_edits(hunk: Hunk, data: bytes, path: str, tree: Tree) -> list[Edit]:
    """Return the edits of one hunk to a file's bytes; ConflictError when it does not fit."""
    if hunk.kind == "include":
        return include_edits(hunk, data, path)
    if hunk.position != "in":
        extents = _extents(hunk, data, path, tree)
        if len(extents) > 1:
            raise ConflictError(report.several_entities(hunk, path, extents))
        return [outside_edit(hunk, data, extents[0])]
    pattern = compile_hunk(hunk)
    if not pattern.segments:
        return Editor(pattern, text_stream(data, 0, 0), {}).edits()
    regions = _regions(hunk, data, path, tree)
    tried: list[tuple[str, int, Stream, Matches]] = []
    fitting: list[tuple[Stream, Matches]] = []
    for place in regions:
        stream = _stream(pattern, data, place)
        matches = search(pattern, stream)
        if matches.found:
            fitting.append((stream, matches))
        else:
            tried.append((place.name, place.end, stream, matches))
    if not fitting:
        raise ConflictError(report.no_match(pattern, path, tried))
    if len(fitting) > 1 or not _unique(pattern, fitting[0][1]):
        raise ConflictError(report.several(pattern, path, data, _sites(pattern, fitting)))
    stream, matches = fitting[0]
    return Editor(pattern, stream, _words(pattern, matches)).edits()


def _regions(hunk: Hunk, data: bytes, path: str, tree: Tree) -> list[_Region]:
    if hunk.kind in ("file", "table", "text"):
        return [_Region("", 0, len(data))]
    extents = _extents(hunk, data, path, tree)
    # A declaration that names two things gives the same place twice.
    places = dict.fromkeys((extent.start, extent.end) for extent in extents)
    return [
        _Region(f"{hunk.kind} {hunk.name}", above_comments(data, line_start(data, start)), end)
        for start, end in places
    ]


def _extents(hunk: Hunk, data: bytes, path: str, tree: Tree) -> list[Extent]:
    found = index(data).find(hunk.kind, hunk.name)
    if hunk.condition:
        wanted = readable(hunk.condition)
        found = [extent for extent in found if holds_under(wanted, extent.conditions)]
    if not found:
        raise ConflictError(report.no_entity(hunk, data, path, tree))
    return found


def holds_under(condition: str, stack: tuple[str, ...]) -> bool:
    """Tell whether a stack of ``#if`` states a condition, by itself or as a part joined by &&."""
    stated = {part.strip() for entry in stack for part in (entry, *entry.split("&&"))}
    return condition in stated


def _stream(pattern: Pattern, data: bytes, place: _Region) -> Stream:
    if pattern.by_line:
        return text_stream(data, place.start, place.end)
    return c_stream(data, place.start, place.end, comments=pattern.comments)


def _unique(pattern: Pattern, matches: Matches) -> bool:
    return all(
        len(found) == 1
        for segment, found in zip(pattern.segments, matches.occurrences, strict=True)
        if segment.edited
    )


def _words(pattern: Pattern, matches: Matches) -> dict[int, int]:
    """Return the word of each element in the segments that changes depend on."""
    words: dict[int, int] = {}
    for segment, found in zip(pattern.segments, matches.occurrences, strict=True):
        if segment.edited:
            words.update(zip(range(segment.first, segment.last), found[0].words, strict=True))
    return words


def _sites(pattern: Pattern, fitting: list[tuple[Stream, Matches]]) -> list[tuple[int, int]]:
    """Return (change, offset) of every place that a change could go to."""
    sites: dict[tuple[int, int], None] = {}
    for stream, matches in fitting:
        of_element: dict[int, tuple[int, tuple[Occurrence, ...]]] = {}
        for segment, found in zip(pattern.segments, matches.occurrences, strict=True):
            for element in range(segment.first, segment.last):
                of_element[element] = (element - segment.first, found)
        for number, change in enumerate(pattern.changes):
            index = change.first if change.first < change.last else change.first - 1
            if index not in of_element:
                index = change.first if index != change.first else change.first - 1
            if index not in of_element:
                continue
            position, found = of_element[index]
            if len(found) > 1 or len(fitting) > 1:
                for occurrence in found[:4]:
                    sites[number, stream.starts[occurrence.words[position]]] = None
    return list(sites)

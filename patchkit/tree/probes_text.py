# SPDX-License-Identifier: GPL-2.0-only
"""Probes of files as such, and of text that is no C: Kconfig, Makefiles, tables."""

from __future__ import annotations

import re

from patchkit.tree.finding import Finding, Options, alternatives
from patchkit.tree.reader import Reader


def file(options: Options, reader: Reader) -> Finding:
    """Is one of the files there?"""
    found = path(options, reader)
    return Finding(bool(found.value), found.file, 0, found.why)


def path(options: Options, reader: Reader) -> Finding:
    """Which is the first of the files that is there?"""
    candidates = options.texts("file")
    for candidate in candidates:
        if reader.exists(candidate):
            return Finding(candidate, candidate, 0, f"{candidate} exists")
    return Finding("", candidates[0], 0, f"no {alternatives(candidates)}")


def paths(options: Options, reader: Reader) -> Finding:
    """Which of the files are there, and which match the patterns?"""
    listed = options.texts("file")
    patterns = options.texts("glob")
    found = [candidate for candidate in listed if reader.exists(candidate)]
    if patterns:
        under = options.text("under")
        found += [name for name in reader.names(under, patterns) if name not in found]
    looked = alternatives((*listed, *patterns))
    if not found:
        return Finding((), looked, 0, f"no {looked}")
    return Finding(tuple(found), found[0], 0, f"{len(found)} of {looked}")


def _matching(options: Options, reader: Reader) -> list[tuple[str, int, re.Match[str]]]:
    """Return (file, line, match) of all lines that match, of the first file that has one."""
    regex = re.compile(options.text("regex"))
    for candidate in options.texts("file"):
        data = reader.read(candidate)
        if data is None:
            continue
        text = data.decode("utf-8", "replace")
        found = [
            (candidate, number, match)
            for number, content in enumerate(text.split("\n"), 1)
            if (match := regex.search(content.rstrip("\r"))) is not None
        ]
        if found:
            return found
    return []


def _nothing(options: Options) -> tuple[str, str]:
    files = options.texts("file")
    return files[0], f"no line matches {options.text('regex')} in {alternatives(files)}"


def line(options: Options, reader: Reader) -> Finding:
    """Does a line match?"""
    found = _matching(options, reader)
    if not found:
        where, why = _nothing(options)
        return Finding(False, where, 0, why)
    name, number, match = found[0]
    return Finding(True, name, number, " ".join(match.string.split()))


def lines(options: Options, reader: Reader) -> Finding:
    """What does the first group (or the whole) of each line that matches say?"""
    found = _matching(options, reader)
    if not found:
        where, why = _nothing(options)
        return Finding((), where, 0, why)
    values = tuple(match[1] if match.re.groups else match[0] for _, _, match in found)
    name, number, _ = found[0]
    return Finding(values, name, number, f"{len(values)} lines match, the first of them here")

# SPDX-License-Identifier: GPL-2.0-only
"""What of the lines that a series adds was executed in the guest, by gcov's counters.

Counters are per object; a line of a header counts in all objects that it is compiled into. gcov's
JSON is described in gcov(1), under ``--json-format``.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import msgspec
from unidiff.patch import PatchSet

from patchkit import process
from patchkit.errors import InfrastructureError

Added = Mapping[str, frozenset[int]]
"""Line numbers by path in the tree."""


class FileCoverage(msgspec.Struct, frozen=True):
    """The added lines of a file that became code; without branches whose condition is constant."""

    path: str
    lines: int
    ran: int
    branches: int
    taken: int
    never_ran: tuple[int, ...]
    """Line numbers."""
    one_way: tuple[int, ...]
    """Lines that ran, but not all branches of them were taken."""


class Coverage(msgspec.Struct, frozen=True):
    """The coverage of a series, by file in the order of their paths."""

    files: tuple[FileCoverage, ...]

    @property
    def totals(self) -> tuple[int, int, int, int]:
        """Lines, of these ran, branches, of these taken."""
        return (
            sum(file.lines for file in self.files), sum(file.ran for file in self.files),
            sum(file.branches for file in self.files), sum(file.taken for file in self.files),
        )  # fmt: skip


def added_lines(diff: str) -> dict[str, frozenset[int]]:
    """Return the lines that a diff adds, by path, of C sources and headers."""
    return {
        file.path: frozenset(
            line.target_line_no
            for hunk in file
            for line in hunk
            if line.is_added and line.target_line_no is not None
        )
        for file in PatchSet(diff)
        if file.path.endswith((".c", ".h")) and not file.is_removed_file
    }


def unpack(counters: Path, objects: Path, directory: Path) -> list[Path]:
    """Put each file of counters beside the notes that the compiler left for it; return them.

    *counters* is what init.c wrote to its port, *objects* the build directory. Files without notes
    there are left out: they are of objects that were not built from this tree. Raises
    InfrastructureError when the end of a file is missing.
    """
    found = []
    for name, data in _records(counters.read_bytes(), counters):
        at = name.find(f"{objects.name}/")
        inside = name[at + len(objects.name) + 1 :]
        notes = objects / Path(inside).with_suffix(".gcno")
        if at < 0 or ".." in Path(inside).parts or not notes.is_file():
            continue
        place = directory / inside
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        place.with_suffix(".gcno").write_bytes(notes.read_bytes())
        found.append(place)
    return found


def _records(stream: bytes, path: Path) -> Iterator[tuple[str, bytes]]:
    at = 0
    while at < len(stream):
        end = stream.find(b"\n", at)
        name, _, size = stream[at:end].decode("utf-8", "replace").rpartition(" ")
        at = end + 1
        if end < 0 or not size.isdigit() or at + int(size) > len(stream):
            raise InfrastructureError(
                f"{path}: the guest did not hand over all of its counters",
                hint="see how it ended: the console's log is beside that file",
            )
        yield name, stream[at : at + int(size)]
        at += int(size)


def measure(files: Sequence[Path], gcov: str, added: Added) -> Coverage:
    """Return what the counters in *files* say of the *added* lines; *gcov* is the program.

    Raises ProgramFailed when it cannot read them.
    """
    counts: dict[tuple[str, int], int] = {}
    branches: dict[tuple[str, int], list[int]] = {}
    for file in files:
        report = _gcov(file, gcov)
        for source in report["files"]:
            path = _in_tree(source["file"], added)
            for line in source["lines"] if path else ():
                where = path, line["line_number"]
                if where[1] not in added[path]:
                    continue
                counts[where] = counts.get(where, 0) + line["count"]
                mine = [branch["count"] for branch in line["branches"] if not branch["throw"]]
                known = branches.get(where, [])
                branches[where] = [a + b for a, b in zip_longest(known, mine, fillvalue=0)]
    return Coverage(
        tuple(_of_file(path, counts, branches) for path in sorted({path for path, _ in counts}))
    )


def _gcov(file: Path, gcov: str) -> dict[str, Any]:
    argv = [gcov, "--json-format", "--stdout", "--branch-probabilities", file.name]
    found: dict[str, Any] = json.loads(process.run(argv, cwd=file.parent).stdout)
    return found


def _in_tree(name: str, added: Added) -> str:
    """Return the path in the tree of a file as the compiler knew it; "" if nothing was added."""
    name = "/" + posixpath.normpath(name).lstrip("./")
    return max((path for path in added if name.endswith(f"/{path}")), key=len, default="")


def _of_file(
    path: str, counts: Mapping[tuple[str, int], int], branches: Mapping[tuple[str, int], list[int]]
) -> FileCoverage:
    lines = {line: count for (where, line), count in sorted(counts.items()) if where == path}
    ways = {line: branches[path, line] for line in lines}
    return FileCoverage(
        path,
        len(lines), sum(map(bool, lines.values())),
        sum(map(len, ways.values())), sum(bool(way) for each in ways.values() for way in each),
        tuple(line for line, count in lines.items() if not count),
        tuple(line for line, count in lines.items() if count and not all(ways[line])),
    )  # fmt: skip


def ranges(numbers: Sequence[int]) -> str:
    """Return sorted line numbers as people write them: ``3, 7-9``."""
    text: list[str] = []
    for at, number in enumerate(numbers):
        first = at == 0 or numbers[at - 1] != number - 1
        last = at + 1 == len(numbers) or numbers[at + 1] != number + 1
        if first:
            text.append(str(number))
        elif last:
            text[-1] += f"-{number}"
    return ", ".join(text)

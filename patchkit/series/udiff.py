# SPDX-License-Identifier: GPL-2.0-only
"""Exact unified diffs in git's format, fast for files of which little changes.

Lines that are unique on both sides anchor the comparison (patience diff); what lies between them is
compared by difflib. Any pair of byte strings gives a diff that ``git apply`` takes.
"""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from patchkit.series.model import FileChange
from patchkit.tree.source import compute_blob_id

CONTEXT = 3
"""Lines of context around a change."""
_NO_NEWLINE = b"\n\\ No newline at end of file\n"
_NULL_ID = "0" * 40

Block = tuple[int, int, int, int]
"""Old lines [a, b) become new lines [c, d)."""


def unified(changes: Iterable[FileChange]) -> str:
    """Return the diff of file changes, as text; what is not UTF-8 is read as Latin-1."""
    data = b"".join(file_diff(change) for change in changes)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def file_diff(change: FileChange) -> bytes:
    """Return the diff of one file, with git's extended headers."""
    path = _quoted(change.path)
    old = _NULL_ID if change.old is None else compute_blob_id(change.old)
    new = _NULL_ID if change.new is None else compute_blob_id(change.new)
    a, b = _prefixed("a/", path), _prefixed("b/", path)
    lines = [f"diff --git {a} {b}"]
    mode = f"{change.mode:o}"
    if change.old is None:
        lines += [f"new file mode {mode}", f"index {old[:12]}..{new[:12]}"]
        a = "/dev/null"
    elif change.new is None:
        lines += [f"deleted file mode {mode}", f"index {old[:12]}..{new[:12]}"]
        b = "/dev/null"
    else:
        lines.append(f"index {old[:12]}..{new[:12]} {mode}")
    hunks = b"".join(_hunks(change.old or b"", change.new or b""))
    if hunks:
        lines += [f"--- {a}", f"+++ {b}"]
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape") + hunks


def _quoted(path: str) -> str:
    """Return a path as git writes it: quoted when it has unusual characters."""
    raw = path.encode("utf-8", "surrogateescape")
    if all((32 < byte < 127 and byte not in b'"\\') or byte == 32 for byte in raw):
        return path
    text = "".join(
        f"\\{byte:03o}" if byte < 32 or byte >= 127 else
        f"\\{chr(byte)}" if byte in b'"\\' else chr(byte)
        for byte in raw
    )  # fmt: skip
    return f'"{text}"'


def _prefixed(prefix: str, path: str) -> str:
    return f'"{prefix}{path[1:]}' if path.startswith('"') else prefix + path


def _hunks(old: bytes, new: bytes) -> Iterator[bytes]:
    a, b = _lines(old), _lines(new)
    group: list[Block] = []
    for block in blocks(a, b):
        if group and block[0] - group[-1][1] > 2 * CONTEXT:
            yield _hunk(a, b, group)
            group = []
        group.append(block)
    if group:
        yield _hunk(a, b, group)


def _lines(data: bytes) -> list[bytes]:
    """Split at LF only, keeping it."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _hunk(a: Sequence[bytes], b: Sequence[bytes], group: Sequence[Block]) -> bytes:
    first = max(0, group[0][0] - CONTEXT)
    last = min(len(a), group[-1][1] + CONTEXT)
    new_first = group[0][2] - (group[0][0] - first)
    body: list[bytes] = []
    at = first
    added = 0
    for start, end, new_start, new_end in group:
        body += (b" " + line for line in a[at:start])
        body += (b"-" + line for line in a[start:end])
        body += (b"+" + line for line in b[new_start:new_end])
        added += (new_end - new_start) - (end - start)
        at = end
    body += (b" " + line for line in a[at:last])
    old_range = _range(first, last - first)
    new_range = _range(new_first, last - first + added)
    header = f"@@ -{old_range} +{new_range} @@".encode() + _function(a, first)
    text = [line if line.endswith(b"\n") else line + _NO_NEWLINE for line in body]
    return header + b"\n" + b"".join(text)


def _range(start: int, length: int) -> str:
    # A range of no lines names the line before it.
    begin = start + 1 if length else start
    return f"{begin}" if length == 1 else f"{begin},{length}"


def _function(a: Sequence[bytes], first: int) -> bytes:
    """Return the line that git shows behind ``@@``: the last one that begins a definition."""
    for index in range(first - 1, -1, -1):
        line = a[index]
        if line[:1].isalpha() or line[:1] in (b"_", b"$"):
            return b" " + line.rstrip()[:80]
    return b""


def blocks(a: Sequence[bytes], b: Sequence[bytes]) -> list[Block]:
    """Return the blocks of lines that differ, in order, none empty on both sides."""
    found: list[Block] = []
    pending: list[Block] = [(0, len(a), 0, len(b))]
    while pending:
        a0, a1, b0, b1 = pending.pop()
        while a0 < a1 and b0 < b1 and a[a0] == b[b0]:
            a0, b0 = a0 + 1, b0 + 1
        while a0 < a1 and b0 < b1 and a[a1 - 1] == b[b1 - 1]:
            a1, b1 = a1 - 1, b1 - 1
        if a0 == a1 and b0 == b1:
            continue
        if a0 == a1 or b0 == b1:
            found.append((a0, a1, b0, b1))
            continue
        anchors = _anchors(a, b, (a0, a1, b0, b1))
        if anchors:
            before = (a0, b0)
            for x, y in [*anchors, (a1, b1)]:
                pending.append((before[0], x, before[1], y))
                before = (x + 1, y + 1)
            continue
        matcher = difflib.SequenceMatcher(None, a[a0:a1], b[b0:b1], autojunk=False)
        for tag, i0, i1, j0, j1 in matcher.get_opcodes():
            if tag != "equal":
                found.append((a0 + i0, a0 + i1, b0 + j0, b0 + j1))
    found.sort()
    joined: list[Block] = []
    for block in found:
        if joined and joined[-1][1] == block[0] and joined[-1][3] == block[2]:
            joined[-1] = (joined[-1][0], block[1], joined[-1][2], block[3])
        else:
            joined.append(block)
    return joined


def _anchors(a: Sequence[bytes], b: Sequence[bytes], block: Block) -> list[tuple[int, int]]:
    """Return pairs of equal lines, unique on both sides, in rising order on both."""
    a0, a1, b0, b1 = block
    in_a, in_b = _unique(a, a0, a1), _unique(b, b0, b1)
    pairs = sorted((place, in_b[line]) for line, place in in_a.items() if line in in_b)
    # The longest rising subsequence of the second numbers, by patience sorting.
    tops: list[int] = []
    ends: list[int] = []
    previous: list[int] = []
    for index, (_, y) in enumerate(pairs):
        pile = bisect_left(tops, y)
        previous.append(ends[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(y)
            ends.append(index)
        else:
            tops[pile], ends[pile] = y, index
    chain: list[tuple[int, int]] = []
    at = ends[-1] if ends else -1
    while at >= 0:
        chain.append(pairs[at])
        at = previous[at]
    chain.reverse()
    return chain


def _unique(lines: Sequence[bytes], start: int, end: int) -> dict[bytes, int]:
    seen: dict[bytes, int] = {}
    twice: set[bytes] = set()
    for index in range(start, end):
        line = lines[index]
        if line in seen:
            twice.add(line)
        seen[line] = index
    for line in twice:
        del seen[line]
    return seen

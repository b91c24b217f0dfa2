# SPDX-License-Identifier: GPL-2.0-only
"""The table of changed files that stands under ``---`` in a mailed patch."""

from __future__ import annotations

from unidiff.patch import PatchSet

from patchkit.commits.policy import file_path

COLUMNS = 72


def diffstat(diff: bytes) -> str:
    """Return files, changed lines and totals of a diff, as ``git diff --stat`` lays them out."""
    files = PatchSet(diff, encoding="latin-1")
    rows = [
        (_shown(file_path(file)), -1 if file.is_binary_file else file.added + file.removed, file)
        for file in files
    ]
    if not rows:
        return ""
    names = max(len(name) for name, _, _ in rows)
    most = max(count for _, count, _ in rows)
    digits = max(len(str(most)), 3 if any(count < 0 for _, count, _ in rows) else 1)
    graph = max(COLUMNS - names - digits - 5, 8)
    lines = []
    for name, count, file in rows:
        if count < 0:
            lines.append(f" {name:<{names}} | {'Bin':>{digits}}")
            continue
        scale = min(1.0, graph / most) if most else 1.0
        marks = "+" * _scaled(file.added, scale) + "-" * _scaled(file.removed, scale)
        lines.append(f" {name:<{names}} | {count:>{digits}} {marks}".rstrip())
    added, removed = sum(file.added for file in files), sum(file.removed for file in files)
    total = f" {_count(len(rows), 'file')} changed"
    if added or not removed:
        total += f", {_count(added, 'insertion')}(+)"
    if removed or not added:
        total += f", {_count(removed, 'deletion')}(-)"
    return "\n".join([*lines, total]) + "\n"


def _shown(path: str) -> str:
    return path if len(path) <= 50 else "..." + path[-47:]


def _scaled(count: int, scale: float) -> int:
    return max(int(count * scale), 1) if count else 0


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"

# SPDX-License-Identifier: GPL-2.0-only
"""Small repositories with a kernel's shape, and plans made by hand."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from patchkit.series.model import FileChange, PatchPlan, Plan

MLOCK = b"".join(b"/* line %02d of mlock */\n" % number for number in range(1, 41))
FORK = b"".join(b"/* line %02d of fork */\n" % number for number in range(1, 21))
FILES = {
    "mm/mlock.c": MLOCK,
    "kernel/fork.c": FORK,
    "scripts/check.sh": b"#!/bin/sh\nexit 0\n",
    "README": b"a kernel\n",
    # What Debian's trees end with, and what would hide edits from a careless tool.
    ".gitignore": b"*\n!*/\n",
    ".gitattributes": b"* -text -diff merge=union filter=canary ident\n*.c binary\n",
}
Edit = bytes | None | Callable[[bytes], bytes]
Patch = tuple[str, str, Mapping[str, Edit]]


def git(where: Path, *words: str, check: bool = True, input: bytes | None = None) -> str:
    """Run git as a user would; return its output without the last line end."""
    done = subprocess.run(
        ["git", "-C", str(where), "-c", "commit.gpgsign=false", *words],
        input=input, capture_output=True, check=False,
    )  # fmt: skip
    assert not check or done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")


def write(root: Path, files: Mapping[str, bytes]) -> None:
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)


def commit(where: Path, files: Mapping[str, bytes], message: str) -> str:
    """Commit files in a work tree and return the commit."""
    write(where, files)
    git(where, "add", "--force", "--", *files)
    git(where, "commit", "-q", "-m", message)
    return git(where, "rev-parse", "HEAD")


def show(where: Path, commit: str, path: str) -> bytes | None:
    done = subprocess.run(
        ["git", "-C", str(where), "cat-file", "blob", f"{commit}:{path}"],
        capture_output=True, check=False,
    )  # fmt: skip
    return done.stdout if done.returncode == 0 else None


def line(number: int, text: bytes) -> Callable[[bytes], bytes]:
    """Return an edit that replaces one line (from 1)."""

    def edit(data: bytes) -> bytes:
        lines = data.split(b"\n")
        lines[number - 1] = text
        return b"\n".join(lines)

    return edit


def plan_on(read: Callable[[str], bytes | None], patches: list[Patch], digest: str = "1") -> Plan:
    """Make a plan of patches, each seeing those before it."""
    seen: dict[str, bytes | None] = {}
    made = []
    for id, message, edits in patches:
        changes = []
        for path, edit in edits.items():
            old = seen[path] if path in seen else read(path)
            new = edit(old or b"") if callable(edit) else edit
            mode = 0o100755 if path.endswith(".sh") else 0o100644
            changes.append(FileChange(path, old, new, mode))
            seen[path] = new
        subject = message.split("\n", 1)[0]
        made.append(
            PatchPlan(
                "vm-pinned",
                id,
                subject,
                message,
                "apply",
                changes=tuple(changes),
                digest=f"{id}-{digest}",
            )
        )
    return Plan("test", tuple(made))


def message(subject: str) -> str:
    return (
        f"{subject}\n\nBecause it has to be.\n\n"
        "Suggested-by: Olga Originator <olga@example.org>\n"
        "Link: https://example.org/r/1\n"
    )


FLAG = line(3, b"/* the flag */")
COUNT = line(20, b"/* the count */")
SUM = line(37, b"/* the sum */")

PATCHES: list[Patch] = [
    ("0001-flag", message("mm: add the flag"), {"mm/mlock.c": FLAG, "mm/mpin.c": b"/* new */\n"}),
    ("0002-count", message("mm: count"), {"mm/mlock.c": COUNT, "kernel/fork.c": line(5, b"/**/")}),
    ("0003-sum", message("mm: sum up"), {"mm/mlock.c": SUM, "scripts/new.sh": b"#!/bin/sh\n"}),
]


def plan_at(
    where: Path, commit: str, patches: list[Patch] | None = None, digest: str = "1"
) -> Plan:
    """Make the plan of *patches* (the three above) on a commit."""
    return plan_on(lambda path: show(where, commit, path), patches or PATCHES, digest)

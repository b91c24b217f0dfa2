# SPDX-License-Identifier: GPL-2.0-only
"""The tree's own scripts/checkpatch.pl on a commit.

It needs no checkout: what it reads of the tree (itself, its word lists, the names in include/, the
files that the commit changes) is put into a directory of its own, so this check takes seconds on a
machine that has never unpacked the tree.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from patchkit import process
from patchkit.tree.git import ENVIRONMENT, command, git
from patchkit.verify.model import Outcome, tail
from patchkit.verify.settings import Accepted, settings

_MARKERS = (
    "COPYING", "CREDITS", "Kbuild", "MAINTAINERS", "Makefile", "README", "Documentation", "arch",
    "include", "drivers", "fs", "init", "ipc", "kernel", "lib", "scripts",
)  # fmt: skip
"""What checkpatch takes for the top of a kernel tree; its content does not matter."""
_MESSAGE = re.compile(r"(?:ERROR|WARNING|CHECK):(?P<type>[A-Z0-9_]+): .*")
_PLACE = re.compile(r"#\d+: FILE: (?P<path>.+?):(?P<line>\d+):")
_TOTAL = re.compile(r"^total: \d+ errors, \d+ warnings,.*\d+ lines checked", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Message:
    """One message of checkpatch."""

    text: str
    type: str
    path: str


def prepare(repository: Path, base: str, directory: Path) -> Path:
    """Put what checkpatch needs of *base* into *directory*, once; return where it is."""
    wanted = [
        name for name in ("scripts", "include", "MAINTAINERS") if _has(repository, base, name)
    ]
    ids = git(repository, "rev-parse", *(f"{base}:{name}" for name in wanted)).decode().split()
    root = directory / "checkpatch" / "-".join(word[:12] for word in ids)
    if root.is_dir():
        return root
    root.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".new.", dir=root.parent))
    try:
        _extract(repository, base, wanted, temporary)
        for name in _MARKERS:
            if not (temporary / name).exists():
                (temporary / name).mkdir()
        temporary.rename(root)
    except OSError:
        if not root.is_dir():  # else another process was quicker
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return root


def _has(repository: Path, revision: str, path: str) -> bool:
    return bool(git(repository, "ls-tree", "--name-only", revision, "--", path))


def _extract(repository: Path, revision: str, paths: Sequence[str], where: Path) -> None:
    # Attributes of a tree (export-ignore) must not decide what is there: ls-tree, not archive.
    argv = command(repository, "archive", "--format=tar", "--worktree-attributes", revision)
    done = process.run([*argv, "--", *paths], env=ENVIRONMENT)
    # Not tarfile: Debian 12's Python (3.11.2) has no extraction filter, and GNU tar needs none.
    process.run(["tar", "-x", "-f", "-", "-C", where], input=done.stdout)


def check(repository: Path, commit: str, root: Path) -> Outcome:
    """Run checkpatch, prepared in *root*, on one commit."""
    patch = git(
        repository, "format-patch", "-1", "--stdout", "--no-signature", "--no-renames", commit
    )
    said = process.run(
        ["perl", root / "scripts" / "checkpatch.pl", "--strict", "--no-signoff", "--show-types",
         f"--root={root}", "-"],
        cwd=root, input=patch, check=False,
        # A .checkpatch.conf of the user's would change the answer.
        env={"HOME": str(root), "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    return judge(said.stdout.decode("utf-8", "replace"), said.stderr.decode("utf-8", "replace"))


def judge(output: str, errors: str = "") -> Outcome:
    """Turn checkpatch's output into an outcome; without its summary it has not run to its end."""
    if not _TOTAL.search(output):
        lines = [*output.splitlines(), *errors.splitlines()]
        return Outcome("infrastructure", tail(["checkpatch did not finish:", *lines]))
    refused: list[str] = []
    accepted: list[str] = []
    for message in messages(output):
        rule = _rule(message)
        if rule is None:
            refused.append(message.text)
        else:
            accepted.append(f"accepted: {message.text} ({rule.reason})")
    if refused:
        return Outcome("fail", tail([*refused, *accepted]))
    return Outcome("ok", tail(accepted))


def messages(output: str) -> list[Message]:
    """Return the messages in checkpatch's output; one about a commit message has no path."""
    found = []
    lines = output.splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if match := _MESSAGE.fullmatch(line):
            place = _PLACE.match(following)
            path = place["path"] if place else ""
            text = f"{path}:{place['line']}: {line}" if place else line
            found.append(Message(text, match["type"], path))
    return found


def _rule(message: Message) -> Accepted | None:
    for rule in settings().accepted:
        if message.type == rule.type and message.path.startswith(rule.under):
            return rule
    return None

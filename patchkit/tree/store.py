# SPDX-License-Identifier: GPL-2.0-only
"""The kernel sources in the cache: one bare repository each, with a note beside it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from patchkit.errors import TreeError
from patchkit.files import replace_file
from patchkit.paths import cache_directory
from patchkit.progress import Progress, no_progress


class StoredTree(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a tree in the cache; the content of its ``.json`` file."""

    name: str
    """``debian:6.12@VERSION`` or ``fixture:ERA``: names this very tree."""
    repository: str
    """Name of the bare repository in the trees directory."""
    commit: str
    tree: str
    files: int
    package: str = ""
    version: str = ""
    suite: str = ""
    requests: tuple[str, ...] = ()
    """What was asked for when this tree was the answer, such as ``debian:6.12``."""


def trees_directory(cache: Path | None = None) -> Path:
    """Return the directory of all imported trees, which exists then."""
    directory = (cache or cache_directory()) / "trees"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def list_trees(cache: Path | None = None) -> tuple[StoredTree, ...]:
    """Return the trees that are there, by name; half imports are not."""
    directory = trees_directory(cache)
    found = []
    for note in directory.glob("*.json"):
        try:
            stored = msgspec.json.decode(note.read_bytes(), type=StoredTree)
        except msgspec.DecodeError as error:
            raise TreeError(f"{note}: {error}", hint=f"remove {note} and fetch again") from None
        if (directory / stored.repository / "HEAD").is_file():
            found.append(stored)
    return tuple(sorted(found, key=lambda tree: tree.name))


def find_tree(request: str, cache: Path | None = None) -> StoredTree | None:
    """Return the tree that answers *request*, by its own name or an earlier request's."""
    for stored in list_trees(cache):
        if request == stored.name or request in stored.requests:
            return stored
    return None


def record(stored: StoredTree, request: str, cache: Path | None = None) -> StoredTree:
    """Write the note of *stored* and let it, and no other tree, answer *request* from now on."""
    for other in list_trees(cache):
        if request in other.requests and other.name != stored.name:
            _write(_with(other, tuple(word for word in other.requests if word != request)), cache)
    stored = _with(stored, tuple(sorted({*stored.requests, request} - {stored.name})))
    _write(stored, cache)
    return stored


def _with(stored: StoredTree, requests: tuple[str, ...]) -> StoredTree:
    return msgspec.structs.replace(stored, requests=requests)


def _write(stored: StoredTree, cache: Path | None) -> None:
    note = trees_directory(cache) / f"{stored.repository.removesuffix('.git')}.json"
    replace_file(note, msgspec.json.format(msgspec.json.encode(stored), indent=2) + b"\n")


@contextlib.contextmanager
def hold(directory: Path, progress: Progress = no_progress) -> Iterator[None]:
    """Keep other processes out of *directory*; wait for one that is at work, and say for whom.

    What a run that was killed had half imported is removed.
    """
    lock, holder = FileLock(directory / ".lock"), directory / ".holder"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        who = holder.read_text().strip() if holder.is_file() else "?"
        progress("wait", 0, None, f"{directory} is in use by process {who}")
        lock.acquire()
        progress("wait", 1, 1, f"process {who} is done")
    try:
        holder.write_text(f"{os.getpid()}\n")
        for half in directory.glob(".*.git.*"):  # a run that was killed left it
            shutil.rmtree(half)
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()

# SPDX-License-Identifier: GPL-2.0-only
"""Make a bare git repository with one commit out of a stream of files.

Nothing is unpacked: files go from the archive straight into ``git fast-import``. So neither the
tree's own .gitignore (Debian's hides every new file) nor the file system has a say in what is
imported. The commit depends on nothing but the files, the message and the date.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from patchkit import process
from patchkit.errors import InfrastructureError, TreeError
from patchkit.progress import Progress, no_progress
from patchkit.tree.git import ENVIRONMENT, git

BRANCH = "base"
IDENTITY = "patchkit <patchkit>"
"""Author and committer of imports: nobody's work is claimed, and the commit id is reproducible."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to import."""

    path: bytes
    """Relative to the top of the tree, with slashes."""
    mode: int
    """0o100644, 0o100755, or 0o120000 for a symbolic link."""
    data: bytes
    mtime: int
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has made."""

    commit: str
    tree: str
    files: int


def import_files(
    destination: Path,
    entries: Iterable[Entry],
    message: str,
    *,
    date: int | None = None,
    progress: Progress = no_progress,
) -> Imported:
    """Create the bare repository *destination*, all or nothing, with one commit on ``base``.

    The commit's date is *date*, or that of the newest file. It is built under a temporary
    name (``.NAME.*``), which a run that is killed leaves behind.

    Raises TreeError for names that have no place in a tree, InfrastructureError when git fails.
    """
    temporary = Path(tempfile.mkdtemp(prefix=f".{destination.name}.", dir=destination.parent))
    try:
        temporary.chmod(0o755)
        git(temporary, "init", "-q", "--bare", "--template=", f"--initial-branch={BRANCH}")
        files = _stream(temporary, entries, message, date, progress)
        ids = git(temporary, "rev-parse", BRANCH, f"{BRANCH}^{{tree}}").decode().split()
        temporary.rename(destination)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    progress("import", files, files, f"commit {ids[0][:12]}")
    return Imported(ids[0], ids[1], files)


def _stream(
    repository: Path, entries: Iterable[Entry], message: str, date: int | None, progress: Progress
) -> int:
    with tempfile.TemporaryFile() as said:
        child = process.spawn(
            # Deltas between unrelated files of one release save little and cost most of the time.
            ["git", "-C", repository, "-c", "core.compression=1", "-c", "core.fsyncMethod=batch",
             "fast-import", "--quiet", "--done", "--depth=0", "--date-format=raw"],
            env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=said.fileno(),
        )  # fmt: skip
        try:
            assert child.stdin is not None
            count = 0
            try:
                count = _write(child.stdin, entries, message, date, progress)
                child.stdin.close()
            except BrokenPipeError:
                pass  # git has given up; its message says why
            code = child.wait()
        except BaseException:
            process.end_group(child)
            raise
        if code != 0:
            said.seek(0)
            text = said.read().decode("utf-8", "backslashreplace").strip()
            hint = "is the disk full? What was half done has been removed"
            said_last = text[-2000:]
            raise InfrastructureError(
                f"{repository}: git fast-import failed: {said_last}", hint=hint
            )
    return count


def _write(
    pipe: IO[bytes],
    entries: Iterable[Entry],
    message: str,
    date: int | None,
    progress: Progress,
) -> int:
    names: list[bytes] = []
    newest = 0
    for number, entry in enumerate(entries, 1):
        _check_name(entry.path)
        pipe.write(b"blob\nmark :%d\ndata %d\n" % (number, len(entry.data)))
        pipe.write(entry.data)
        pipe.write(b"\n")
        names.append(b"M %o :%d %s\n" % (entry.mode, number, _quoted(entry.path)))
        newest = max(newest, entry.mtime)
        if number % 1000 == 0:
            progress("import", number, None, "files")
    if not names:
        raise TreeError("there is not one file to import")
    when = newest if date is None else date
    who = f"{IDENTITY} {when} +0000".encode()
    text = message.encode()
    pipe.write(b"commit refs/heads/%s\nauthor %s\ncommitter %s\n" % (BRANCH.encode(), who, who))
    pipe.write(b"data %d\n%s\n" % (len(text), text))
    pipe.writelines(names)
    pipe.write(b"\ndone\n")
    pipe.flush()
    return len(names)


def _check_name(path: bytes) -> None:
    parts = path.split(b"/")
    if any(part in (b"", b".", b"..") or part.lower() == b".git" for part in parts):
        raise TreeError(f"{os.fsdecode(path)!r}: no kernel source has a file of this name")


def _quoted(path: bytes) -> bytes:
    if path.startswith(b'"') or b"\n" in path:
        inner = path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
        return b'"' + inner + b'"'
    return path


def tar_entries(stream: IO[bytes]) -> Iterator[Entry]:
    """Yield the files of an uncompressed tar archive, without its top directory.

    Raises TreeError when the archive ends early or holds anything but files and symbolic links.
    """
    try:
        with tarfile.open(fileobj=stream, mode="r|", bufsize=1 << 20) as archive:
            for member in archive:
                archive.members.clear()  # type: ignore[attr-defined]  # it keeps every header
                path = _below_top(member.name)
                when = int(member.mtime)
                if path is None or member.isdir():
                    continue
                if member.issym():
                    yield Entry(path, 0o120000, os.fsencode(member.linkname), when)
                elif member.isreg():
                    file = archive.extractfile(member)
                    assert file is not None
                    data = file.read()
                    if len(data) != member.size:
                        raise TreeError(f"{member.name}: the archive ends in this file")
                    mode = 0o100755 if member.mode & 0o100 else 0o100644
                    yield Entry(path, mode, data, when)
                else:
                    raise TreeError(f"{member.name}: not a file, directory or symbolic link")
    except tarfile.TarError as error:
        raise TreeError(f"the archive cannot be read: {error}") from None


def _below_top(name: str) -> bytes | None:
    top, slash, rest = name.removeprefix("./").partition("/")
    return os.fsencode(rest) if top and slash and rest else None


def directory_entries(root: Path) -> Iterator[Entry]:
    """Yield the files below *root* in a fixed order; symbolic links are not followed."""
    for folder, folders, files in os.walk(os.fsencode(root)):
        folders.sort()
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]  # noqa: PTH114, PTH118
        for name in sorted([*files, *links]):
            full = os.path.join(folder, name)  # noqa: PTH118
            path = os.path.relpath(full, os.fsencode(root))
            status = os.lstat(full)
            when = int(status.st_mtime)
            if os.path.islink(full):  # noqa: PTH114
                yield Entry(path, 0o120000, os.readlink(full), when)  # noqa: PTH115
            else:
                mode = 0o100755 if status.st_mode & 0o100 else 0o100644
                with open(full, "rb") as file:  # noqa: PTH123
                    yield Entry(path, mode, file.read(), when)

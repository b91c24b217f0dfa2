# SPDX-License-Identifier: GPL-2.0-only
"""How git is started on a repository that is not trusted.

A kernel tree may come from anywhere, so nothing that it configures may run: no hooks, no file
system monitor, no pager, no credential prompt. Variables such as ``GIT_DIR`` that a calling hook
has left in the environment are taken away, for they would send git to another repository.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from patchkit import process
from patchkit.errors import TreeError

ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_PAGER": "cat",
    "LC_ALL": "C.UTF-8",
}
"""Added to the environment of every git that patchkit starts."""

_OPTIONS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=",
    "commit.gpgsign=false",
    "submodule.recurse=false",
    "gc.auto=0",
)

_REDIRECTING = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX",
    "GIT_CEILING_DIRECTORIES", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE",
    "GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS", "GIT_CONFIG", "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS", "GIT_SSH", "GIT_SSH_COMMAND",
)  # fmt: skip


def command(repository: Path, *words: str, keep: tuple[str, ...] = ()) -> list[str]:
    """Return the argument list that runs ``git WORDS`` in *repository*.

    Start it with ENVIRONMENT. *keep* names redirecting variables (such as ``GIT_INDEX_FILE``) that
    the caller sets on purpose.
    """
    argv: list[str] = []
    removed = [name for name in _REDIRECTING if name in os.environ and name not in keep]
    if removed:
        argv.append("env")
        for name in removed:
            argv += ["-u", name]
    argv += ["git", "-C", str(repository)]
    for option in _OPTIONS:
        argv += ["-c", option]
    return [*argv, *words]


def git(repository: Path, *words: str, input: bytes | None = None) -> bytes:
    """Run git to its end and return its standard output; ProgramFailed on failure."""
    argv = command(repository, *words)
    return process.run(argv, env=ENVIRONMENT, input=input).stdout


def is_repository(path: Path) -> bool:
    """Tell whether *path* is the top of a work tree or a bare repository (not merely inside one).

    Raises TreeError when git refuses to look, as it does when somebody else owns the repository.
    """
    bare = (path / "HEAD").is_file() and (path / "objects").is_dir()
    if not bare and not (path / ".git").exists():
        return False
    done = process.run(command(path, "rev-parse", "--git-dir"), env=ENVIRONMENT, check=False)
    if done.returncode != 0:
        reason = done.stderr.decode("utf-8", "backslashreplace").strip()
        raise TreeError(f"{path}: git does not accept this repository: {reason}")
    return True


class ObjectReader:
    """One ``git cat-file --batch`` child that answers for objects by id.

    Close it, or use it as a context manager; it also ends when patchkit ends.
    """

    def __init__(self, repository: Path) -> None:
        self._repository = repository
        self._process = process.spawn(
            command(repository, "cat-file", "--batch"),
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def read(self, object_id: str) -> tuple[str, bytes]:
        """Return type and content of an object; TreeError when the repository lacks it."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        try:
            stdin.write(object_id.encode("ascii") + b"\n")
            stdin.flush()
            header = stdout.readline().split()
        except OSError:
            header = []
        if len(header) != 3:
            raise TreeError(
                f"{self._repository}: object {object_id} is missing",
                hint=f"git -C {self._repository} fsck",
            )
        size = int(header[2])
        content = stdout.read(size + 1)
        if len(content) != size + 1:
            raise TreeError(f"{self._repository}: object {object_id} ends early")
        return header[1].decode("ascii"), content[:-1]

    def close(self) -> None:
        """End the child; may be called again."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
        try:
            self._process.wait(process.GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.end_group(self._process)

    def __enter__(self) -> ObjectReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def parse_tree(content: bytes, id_bytes: int = 20) -> Iterator[tuple[str, int, str]]:
    """Yield (name, mode, object id) of a raw tree object; names as ``os.fsdecode`` gives them."""
    position = 0
    while position < len(content):
        space = content.index(b" ", position)
        end = content.index(b"\0", space)
        mode = int(content[position:space], 8)
        name = os.fsdecode(content[space + 1 : end])
        position = end + 1 + id_bytes
        yield name, mode, content[end + 1 : position].hex()

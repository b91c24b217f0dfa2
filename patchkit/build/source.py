# SPDX-License-Identifier: GPL-2.0-only
"""Put a commit into a directory that can be built, and keep that directory for the next one.

A kernel build is incremental only if files that did not change keep their time stamps. So every
repository gets one *slot* in the cache: a work tree that follows the commits asked for, with an
index of its own. Going from one commit to another writes just the files that differ.

The slot has a git directory of its own as well, which borrows the objects of the user's repository.
Nothing is registered in that repository, and none of its settings (hooks, filters, sparse checkout,
fsmonitor) has a say in what is written. It may be bare, shallow or a linked work tree.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from patchkit import process
from patchkit.errors import InfrastructureError, TreeError, UserError
from patchkit.files import replace_file
from patchkit.paths import cache_directory
from patchkit.progress import Progress, no_progress

STAGE = "source"
_PROGRESS = re.compile(rb"\((\d+)/(\d+)\)")
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_PROGRESS_DELAY": "0",
    "LC_ALL": "C.UTF-8",
}
_INHERITED = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS",
    "GIT_NAMESPACE", "GIT_PREFIX",
)  # fmt: skip
"""What a hook or alias around us may have set and what would send git elsewhere."""


@dataclass(frozen=True, slots=True)
class Source:
    """A directory with the files of one commit, ready to be built out of tree."""

    path: Path
    """The files. Nobody but materialise() may write here."""
    slot: Path
    """The slot's own directory; build directories belong beside *path*."""
    repository: Path
    commit: str
    tree_id: str
    written: int
    """Files written or removed to get here from what was there before."""


def slot_directory(repository: Path, cache: Path | None = None) -> Path:
    """Return where the slot of *repository* is, whether it exists or not.

    A repository and its linked work trees share one.
    """
    objects = _objects(repository)
    common = objects.parent
    name = common.parent.name if common.name == ".git" else common.name.removesuffix(".git")
    digest = hashlib.sha256(os.fsencode(objects)).hexdigest()[:12]
    return (cache or cache_directory()) / "sources" / f"{_safe(name) or 'tree'}-{digest}"


@contextlib.contextmanager
def materialise(
    repository: Path,
    revision: str = "HEAD",
    *,
    cache: Path | None = None,
    progress: Progress = no_progress,
) -> Iterator[Source]:
    """Hold the repository's slot, with exactly the files of *revision* in it.

    The slot is locked against other processes until the context ends, so build inside it.

    Raises TreeError when the revision or one of its objects does not exist, and
    InfrastructureError when the slot is in use, the disk is too small or git fails.
    """
    commit, tree_id = _resolve(repository, revision)
    slot = slot_directory(repository, cache)
    slot.mkdir(parents=True, exist_ok=True)
    with hold(slot):
        git = _SlotGit(slot, repository)
        written = git.check_out(commit, tree_id, progress)
        yield Source(slot / "tree", slot, repository, commit, tree_id, written)


@contextlib.contextmanager
def hold(directory: Path) -> Iterator[None]:
    """Keep other processes from using *directory* (which exists) until the context ends.

    Raises InfrastructureError that names the holder when it is in use.
    """
    holder = directory / "holder"
    lock = FileLock(directory / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        who = holder.read_text() if holder.is_file() else "?"
        raise InfrastructureError(
            f"{directory}: in use by process {who.strip()}",
            hint="wait for it, or use another cache: PATCHKIT_CACHE=DIRECTORY",
        ) from None
    try:
        holder.write_text(f"{os.getpid()}\n")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


class _SlotGit:
    """The slot's own git directory."""

    def __init__(self, slot: Path, repository: Path) -> None:
        self._repository = repository
        self._git_directory = slot / "git"
        self._files = slot / "tree"
        self._env = _ENVIRONMENT
        self._prepare(_objects(repository))

    def _prepare(self, objects: Path) -> None:
        """Make the git directory, or make it anew when an earlier attempt was cut short."""
        alternates = self._git_directory / "objects" / "info" / "alternates"
        if not alternates.is_file():
            shutil.rmtree(self._git_directory, ignore_errors=True)
            shutil.rmtree(self._files, ignore_errors=True)
            kind = _git(self._repository, "rev-parse", "--show-object-format").decode().strip()
            process.run(
                [*_program(), "init", "--quiet", "--bare", "--template=", f"--object-format={kind}",
                 self._git_directory],
                env=self._env,
            )  # fmt: skip
            alternates.parent.mkdir(parents=True, exist_ok=True)
            # Quoting is needed only for a path that starts with a quote or holds a line feed.
            replace_file(alternates, os.fsencode(objects) + b"\n")
        self._files.mkdir(exist_ok=True)
        # A process that was killed leaves its lock behind; ours is the only one that may be here.
        (self._git_directory / "index.lock").unlink(missing_ok=True)

    def _argv(self, *words: str) -> list[str]:
        return [
            *_program(), "--git-dir", os.fspath(self._git_directory),
            "--work-tree", os.fspath(self._files),
            "-c", "core.hooksPath=/dev/null", "-c", "core.bare=false",
            "-c", "core.trustctime=false", "-c", "core.autocrlf=false",
            "-c", "checkout.workers=0", "-c", "gc.auto=0", *words,
        ]  # fmt: skip

    def check_out(self, commit: str, tree_id: str, progress: Progress) -> int:
        """Make the files those of *tree_id*; return how many were written or removed."""
        fresh = not (self._git_directory / "index").exists()
        if fresh:
            self._need_room(tree_id)
        changed = 0 if fresh else self._differing(tree_id)
        progress(STAGE, 0, None, f"commit {commit[:12]}")
        # --reset also puts right what somebody edited in the slot; -u is what writes the files.
        self._read_tree(tree_id, progress)
        # Files that are in no tree (left by a build that wrote into its sources) would be found by
        # include paths and wildcards, and the result would not be that of the commit.
        process.run(self._argv("clean", "-ffdxq"), cwd=self._files, env=self._env)
        if fresh:
            listing = process.run(self._argv("ls-files", "-z"), cwd=self._files, env=self._env)
            changed = listing.stdout.count(b"\0")
        progress(STAGE, 1, 1, f"commit {commit[:12]}, {changed} files written")
        return changed

    def _differing(self, tree_id: str) -> int:
        done = process.run(
            self._argv("diff-index", "-z", "--name-only", "--no-renames", tree_id),
            cwd=self._files, env=self._env, check=False,
        )  # fmt: skip
        return done.stdout.count(b"\0")

    def _read_tree(self, tree_id: str, progress: Progress) -> None:
        argv = self._argv("read-tree", "-v", "--reset", "-u", "--no-sparse-checkout", tree_id)
        child = process.spawn(
            argv, cwd=self._files, env=self._env, stdout=subprocess.DEVNULL
        )  # fmt: skip
        said = b""
        try:
            assert child.stderr is not None
            # git ends its progress lines by a carriage return: read what there is, not lines.
            while chunk := os.read(child.stderr.fileno(), 65536):
                said = (said + chunk)[-4096:]
                counts = _PROGRESS.findall(chunk)
                if counts:
                    done, total = (int(number) for number in counts[-1])
                    if done < total:
                        progress(STAGE, done, total, "files")
            child.wait()
        except BaseException:
            process.end_group(child)
            raise
        finally:
            assert child.stderr is not None
            child.stderr.close()
        if child.returncode != 0:
            text = said.replace(b"\r", b"\n").decode("utf-8", "backslashreplace").strip()
            raise TreeError(
                f"{self._repository}: cannot write the files of tree {tree_id}:\n{text[-2000:]}",
                hint="a partial clone lacks objects; `git fetch --refetch --no-filter` gets them",
            )

    def _need_room(self, tree_id: str) -> None:
        done = process.run(
            self._argv("ls-tree", "-r", "-l", "-z", tree_id), env=self._env, check=False
        )
        block = 4096
        need = 0
        for entry in done.stdout.split(b"\0"):
            size = entry.split(b"\t", 1)[0].rsplit(b" ", 1)[-1]
            if size.isdigit():
                need += -(-int(size) // block) * block
        free = shutil.disk_usage(self._files).free
        if free < need:
            raise InfrastructureError(
                f"{self._files}: the files need {need >> 20} MiB, and {free >> 20} MiB are free",
                hint="make room, or use another cache: PATCHKIT_CACHE=DIRECTORY",
            )


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)[:60]


def _program() -> list[str]:
    """Return ``git``, or what starts it without the settings of a git command around us."""
    foreign = [name for name in _INHERITED if name in os.environ]
    unset = [word for name in foreign for word in ("-u", name)]
    return ["env", *unset, "git"] if foreign else ["git"]


def _git(repository: Path, *words: str) -> bytes:
    """Ask the user's repository something; TreeError when it cannot answer."""
    if not repository.is_dir():
        raise UserError(f"{repository}: no such directory")
    env = dict(_ENVIRONMENT)
    # The person's own safe.directory is their decision about whom to trust; keep it.
    del env["GIT_CONFIG_GLOBAL"], env["GIT_CONFIG_NOSYSTEM"]
    done = process.run(
        [*_program(), "-C", repository, "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=",
         *words],
        env=env, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        text = done.stderr.decode("utf-8", "backslashreplace").strip()
        raise TreeError(f"{repository}: {text}")
    return done.stdout


def _objects(repository: Path) -> Path:
    """Return the directory of the object store that *repository* uses, links resolved."""
    said = _git(repository, "rev-parse", "--git-common-dir")
    common = Path(os.fsdecode(said.removesuffix(b"\n")))
    return (repository / common / "objects").resolve()


def _resolve(repository: Path, revision: str) -> tuple[str, str]:
    """Return the full ids of the commit and of its tree."""
    ids = []
    for kind in ("commit", "tree"):
        try:
            said = _git(
                repository, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{{kind}}}"
            )
        except TreeError as error:
            raise TreeError(
                f"{repository}: no commit {revision!r} ({error.message})",
                hint=f"git -C {repository} branch -a lists what there is",
            ) from None
        ids.append(said.decode().strip())
    return ids[0], ids[1]

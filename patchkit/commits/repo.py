# SPDX-License-Identifier: GPL-2.0-only
"""A git repository as a store of objects and refs; the only module that imports GitPython.

Nothing here looks at a work tree or an index: objects are written one by one, trees are edited as
trees, and refs move by compare-and-swap. So neither attributes, ignore rules, hooks, filters nor
a dirty work tree can have a say. GitPython stores the loose objects; refs and everything that git
itself knows better are left to git, started as ``patchkit.tree.git`` starts it.
"""

from __future__ import annotations

import getpass
import io
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patchkit import process
from patchkit.errors import InfrastructureError, TreeError, UserError
from patchkit.tree.git import ENVIRONMENT, ObjectReader, command, parse_tree
from patchkit.tree.source import DIRECTORY, compute_blob_id

if TYPE_CHECKING:
    from git.db import LooseObjectDB  # type: ignore[attr-defined]

ABSENT = "0" * 40
"""The id that stands for "no such ref" in a compare-and-swap."""

# No attributes: a hostile .gitattributes could declare sources binary (no readable diff) or choose
# a merge that always "succeeds". git takes them from files below the current directory, which here
# is the repository itself, then from the index, for which one that does not exist is named.
_BARE = (
    "--bare",
    "-c", "core.attributesFile=/dev/null",
    "-c", "attr.tree=refs/patchkit/none",
    "-c", "merge.renormalize=false",
)  # fmt: skip
_ENVIRONMENT = {**ENVIRONMENT, "GIT_ATTR_NOSYSTEM": "1"}
_NO_INDEX = "no-index-is-read"


class StaleRefError(InfrastructureError):
    """A ref was moved by somebody else between our look and our write."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who acts: ``Name <mail>`` as *person*, and git's ``seconds zone`` as *date*."""

    person: str
    date: str

    @property
    def line(self) -> str:
        """The value of an author or committer header."""
        return f"{self.person} {self.date}"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit object; *message* and *encoding* are raw, *author* is the whole header value."""

    id: str
    tree: str
    parents: tuple[str, ...]
    author: bytes
    committer: bytes
    message: bytes
    encoding: bytes = b""
    headers: tuple[bytes, ...] = field(default=(), compare=False)

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.split(b"\n", 1)[0].decode("utf-8", "backslashreplace")


class Repository:
    """One repository: a work tree's top, a linked work tree, a bare repository or a shallow clone.

    *path* may be anywhere inside. TreeError when there is none, or when its objects are named by
    SHA-256, which GitPython cannot write. Close it, or use it as a context manager.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        words = ("rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir",
                 "--is-bare-repository", "--show-object-format")  # fmt: skip
        if not path.is_dir():
            raise TreeError(f"{path}: expected a git repository, found no such directory")
        done = process.run(command(path, *words), env=ENVIRONMENT, check=False)
        if done.returncode != 0:
            reason = done.stderr.decode("utf-8", "backslashreplace").strip()
            raise TreeError(f"{path}: expected a git repository: {reason}")
        git_dir, common, bare, self.object_format = os.fsdecode(done.stdout).splitlines()
        if self.object_format != "sha1":
            raise TreeError(
                f"{path}: expected a repository with SHA-1 object names, "
                f"found {self.object_format}",
                hint="clone it into a SHA-1 repository, or export: patchkit export --patches DIR",
            )
        self.git_dir = Path(git_dir)
        self.common_dir = Path(common)
        self.bare = bare == "true"
        self._reader: ObjectReader | None = None
        self._store: LooseObjectDB | None = None
        self._trees: dict[str, dict[str, tuple[int, str]]] = {}

    # -- running git -------------------------------------------------------------------------

    def git(self, *words: str, input: bytes | None = None, check: bool = True) -> process.Completed:
        """Run ``git WORDS`` on the objects and refs, without work tree, index or attributes."""
        options = (f"--git-dir={self.common_dir}", *_BARE)
        argv = command(self.common_dir, *options, *words, keep=("GIT_INDEX_FILE",))
        environment = {**_ENVIRONMENT, "GIT_INDEX_FILE": str(self.common_dir / _NO_INDEX)}
        return process.run(argv, env=environment, input=input, check=check)

    def work_tree_git(self, *words: str, check: bool = True) -> process.Completed:
        """Run ``git WORDS`` in the work tree that the repository was opened from."""
        return process.run(command(self.path, *words), env=ENVIRONMENT, check=check)

    def version(self) -> tuple[int, int]:
        """Return git's version, major and minor."""
        words = self.git("version").stdout.decode("ascii", "replace")
        found = re.search(r"(\d+)\.(\d+)", words)
        return (int(found[1]), int(found[2])) if found else (0, 0)

    # -- reading -----------------------------------------------------------------------------

    def read(self, object_id: str) -> tuple[str, bytes]:
        """Return type and content of an object; TreeError when it is missing."""
        if self._reader is None:
            self._reader = ObjectReader(self.common_dir)
        return self._reader.read(object_id)

    def tree(self, tree_id: str) -> Mapping[str, tuple[int, str]]:
        """Return a tree object's entries: name to (mode, id)."""
        known = self._trees.get(tree_id)
        if known is None:
            kind, content = self.read(tree_id)
            if kind != "tree":
                raise TreeError(f"{self.path}: expected a tree, found {kind} {tree_id}")
            known = {name: (mode, entry) for name, mode, entry in parse_tree(content)}
            self._trees[tree_id] = known
        return known

    def entry(self, tree_id: str, path: str) -> tuple[int, str] | None:
        """Return (mode, id) of what is at *path*; None when absent or beyond a link."""
        *parents, last = path.split("/")
        for name in parents:
            found = self.tree(tree_id).get(name)
            if found is None or found[0] != DIRECTORY:
                return None
            tree_id = found[1]
        return self.tree(tree_id).get(last)

    def commit(self, commit_id: str) -> Commit:
        """Return a commit; TreeError when *commit_id* is none."""
        kind, content = self.read(commit_id)
        if kind != "commit":
            raise TreeError(f"{self.path}: expected a commit, found {kind} {commit_id}")
        head, _, message = content.partition(b"\n\n")
        values: dict[bytes, bytes] = {}
        parents: list[str] = []
        for line in head.split(b"\n"):
            name, _, value = line.partition(b" ")
            if name == b"parent":
                parents.append(value.decode("ascii"))
            elif name:
                values.setdefault(name, value)
        return Commit(
            commit_id, values[b"tree"].decode("ascii"), tuple(parents), values[b"author"],
            values[b"committer"], message, values.get(b"encoding", b""), tuple(values),
        )  # fmt: skip

    # -- writing -----------------------------------------------------------------------------

    def _write(self, kind: str, content: bytes) -> str:
        if self._store is None:
            # Imported here: it takes 0.2 s and only writers need it.
            from git.db import LooseObjectDB  # type: ignore[attr-defined]

            self._store = LooseObjectDB(str(self.common_dir / "objects"))
        from git.db import IStream  # type: ignore[attr-defined]

        try:
            stream: Any = IStream(kind.encode("ascii"), len(content), io.BytesIO(content))
            return str(self._store.store(stream).hexsha.decode("ascii"))
        except OSError as error:
            raise InfrastructureError(
                f"{self.common_dir}: an object cannot be written: {error.strerror}; "
                "no ref was moved"
            ) from error

    def write_blob(self, data: bytes) -> str:
        """Store a file's content as it is and return its id."""
        blob_id = compute_blob_id(data)
        return blob_id if self._has_loose(blob_id) else self._write("blob", data)

    def write_tree(self, entries: Mapping[str, tuple[int, str]]) -> str:
        """Store a directory and return its id; the entries are sorted here."""
        keyed = []
        for name, (mode, entry) in entries.items():
            raw = name.encode("ascii") if name.isascii() else os.fsencode(name)
            keyed.append((raw + b"/" if mode == DIRECTORY else raw, raw, mode, entry))
        keyed.sort()
        content = b"".join(
            b"%o %b\0%b" % (mode, raw, bytes.fromhex(entry)) for _, raw, mode, entry in keyed
        )
        tree_id = self._write("tree", content)
        self._trees[tree_id] = dict(entries)
        return tree_id

    def write_commit(
        self,
        tree: str,
        parents: Iterable[str],
        message: bytes,
        author: bytes,
        committer: bytes,
        encoding: bytes = b"",
    ) -> str:
        """Store a commit and return its id; nothing refers to it yet."""
        lines = [b"tree " + tree.encode("ascii")]
        lines += [b"parent " + parent.encode("ascii") for parent in parents]
        lines += [b"author " + author, b"committer " + committer]
        if encoding:
            lines.append(b"encoding " + encoding)
        return self._write("commit", b"\n".join(lines) + b"\n\n" + message)

    def _has_loose(self, object_id: str) -> bool:
        return (self.common_dir / "objects" / object_id[:2] / object_id[2:]).exists()

    # -- refs --------------------------------------------------------------------------------

    def resolve(self, revision: str) -> str:
        """Return the full id of the commit that *revision* names, whatever it looks like."""
        words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        done = process.run(command(self.path, *words), env=ENVIRONMENT, check=False)
        if done.returncode != 0:
            raise TreeError(f"{self.path}: expected a commit, found none named {revision!r}")
        return done.stdout.decode("ascii").strip()

    def ref(self, name: str) -> str | None:
        """Return the commit that a full ref name points at; None when there is no such ref."""
        done = self.git("rev-parse", "--verify", "--quiet", "--end-of-options", name, check=False)
        return done.stdout.decode("ascii").strip() if done.returncode == 0 else None

    def refs(self, prefix: str) -> dict[str, str]:
        """Return all refs below *prefix* (which ends with ``/``) with their ids."""
        words = ("for-each-ref", "--format=%(objectname) %(refname)", prefix)
        lines = self.git(*words).stdout.decode("utf-8", "surrogateescape").splitlines()
        return {name: commit for commit, _, name in (line.partition(" ") for line in lines)}

    def move_ref(self, name: str, new: str | None, old: str | None, why: str) -> None:
        """Let *name* point at *new* (None deletes) if it still points at *old* (None: is absent).

        *why* goes to the reflog. Raises StaleRefError, with the ref untouched, otherwise, and
        UserError when git refuses for another reason, such as a branch ``a`` in the way of ``a/b``.
        """
        words = ["update-ref", "-m", why]
        if new is None:
            words += ["-d", name, old or ABSENT]
        else:
            words += ["--create-reflog", name, new, old or ABSENT]
        done = self.git(*words, check=False)
        if done.returncode != 0:
            reason = done.stderr.decode("utf-8", "backslashreplace").strip()
            if self.ref(name) == old:
                raise UserError(
                    f"{name}: git cannot move it, and nothing was changed: {reason}",
                    hint="if another ref is in the way, choose another name with --branch",
                )
            raise StaleRefError(
                f"{name}: expected it {f'at {old[:12]}' if old else 'not to exist'}, but somebody "
                f"else has moved it meanwhile; nothing was changed: {reason}",
                hint="run the same command again",
            )

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Tell whether *ancestor* is *descendant* or reachable from it."""
        words = ("merge-base", "--is-ancestor", ancestor, descendant)
        return self.git(*words, check=False).returncode == 0

    def commits_between(self, start: str, end: str) -> list[Commit]:
        """Return the commits after *start* up to *end*, oldest first, along first parents."""
        words = ("rev-list", "--reverse", "--first-parent", f"{start}..{end}")
        return [self.commit(line) for line in self.git(*words).stdout.decode("ascii").split()]

    # -- identity ----------------------------------------------------------------------------

    def identity(self, role: str) -> Identity:
        """Return the user's git identity as *role* (``AUTHOR`` or ``COMMITTER``), dated now."""
        return user_identity(role, self.path)

    def close(self) -> None:
        """End the child that reads objects; the repository can be used again afterwards."""
        if self._reader is not None:
            self._reader.close()
        self._reader = None

    def __enter__(self) -> Repository:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def user_identity(role: str, directory: Path) -> Identity:
    """Return who the user is for git in *directory*, never a guess from the host's name.

    ``GIT_AUTHOR_*``, ``GIT_COMMITTER_*``, ``user.*`` of all configuration files count, the
    system's too. Raises UserError with what to type when there is none.
    """
    keep = ("GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS")
    argv = command(directory, "-c", "user.useConfigOnly=true", "var", f"GIT_{role}_IDENT",
                   keep=keep)  # fmt: skip
    environment = {**ENVIRONMENT, "GIT_CONFIG_NOSYSTEM": "0"}
    done = process.run(argv, env=environment, check=False)
    if done.returncode != 0:
        raise UserError(
            "commits need a name and an address, and git knows none for you",
            hint='git config --global user.name "Your Name"\n'
            "git config --global user.email you@example.org",
        )
    text = done.stdout.decode("utf-8", "surrogateescape").strip()
    person, seconds, zone = text.rsplit(" ", 2)
    return Identity(person, f"{seconds} {zone}")


def lent_identity(directory: Path) -> dict[str, str]:
    """Return the environment in which a user whom git does not know can commit.

    For patchkit's own copies of trees, whose commits nobody else ever sees; in a repository of the
    user's a commit needs a real identity.
    """
    lent: dict[str, str] = {}
    for role in ("AUTHOR", "COMMITTER"):
        try:
            user_identity(role, directory)
        except UserError:
            name = _login()
            lent |= {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": f"{name}@localhost"}
    return lent


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's number that no name belongs to
        return f"uid{os.getuid()}"

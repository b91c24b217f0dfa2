# SPDX-License-Identifier: GPL-2.0-only
"""A plan as commits: objects only, no ref is moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from patchkit.commits.faults import step
from patchkit.commits.message import finish
from patchkit.commits.policy import check_patch
from patchkit.commits.record import Record
from patchkit.commits.repo import Identity, Repository
from patchkit.commits.treeedit import edit_tree
from patchkit.errors import TemplateError
from patchkit.series.model import PatchPlan, Plan


@dataclass(frozen=True, slots=True)
class People:
    """Who the commits are by, and whose sign-off they carry, if any."""

    author: Identity
    committer: Identity
    signer: Identity | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """One patch as a commit of the pure rendering."""

    key: str
    commit: str
    tree: str
    parent: str
    parent_tree: str
    message: bytes
    patch: PatchPlan


Known = Mapping[tuple[str, str, bytes], str]
"""Commits that may serve again: by parent, tree and message."""


def known_commits(repository: Repository, record: Record | None) -> Known:
    """Return the commits of the last rendering, so that what has not changed keeps its id."""
    found = {}
    for patch in record.rendered if record is not None else ():
        commit = repository.commit(patch.commit)
        found[(commit.parents[0], commit.tree, commit.message)] = commit.id
    return found


def render(
    repository: Repository, base: str, plan: Plan, people: People, known: Known
) -> tuple[Rendered, ...]:
    """Write a commit for each patch that the plan applies on *base*, and check each one's diff."""
    parent, parent_tree = base, repository.commit(base).tree
    rendered: list[Rendered] = []
    for patch in plan.changed:
        key = f"{patch.series}/{patch.id}"
        message = finish(patch.message, people.signer, key)
        tree = edit_tree(repository, parent_tree, patch.changes, key)
        if tree == parent_tree:
            raise TemplateError(f"{key}: is to be applied, yet changes nothing in {plan.tree}")
        commit = known.get((parent, tree, message))
        if commit is None:
            commit = repository.write_commit(
                tree, (parent,), message, _header(people.author), _header(people.committer)
            )
            step(f"{key} written")
        rendered.append(Rendered(key, commit, tree, parent, parent_tree, message, patch))
        parent, parent_tree = commit, tree
    for one, diff in zip(rendered, diffs(repository, rendered), strict=True):
        check_patch(diff, one.patch.changes, one.key)
    return tuple(rendered)


def _header(identity: Identity) -> bytes:
    return identity.line.encode("utf-8", "surrogateescape")


def diffs(repository: Repository, rendered: list[Rendered]) -> list[bytes]:
    """Return the diff that each commit makes, as git sees it."""
    return tree_diffs(repository, [(one.parent_tree, one.tree) for one in rendered])


def tree_diffs(
    repository: Repository, pairs: list[tuple[str, str]], *, binary: bool = False
) -> list[bytes]:
    """Return the exact diffs between pairs of trees, whatever configuration or attributes say.

    *binary* gives files with NUL bytes in git's binary form, else as the text that they are not.
    """
    if not pairs:
        return []
    contents = "--binary" if binary else "--text"
    words = ("diff-tree", "--stdin", "-r", "-p", contents, "--full-index", "--no-renames",
             "--no-ext-diff", "--no-textconv", "--no-color", "--src-prefix=a/", "--dst-prefix=b/",
             "--unified=3", "--inter-hunk-context=0", "--diff-algorithm=myers",
             "--submodule=short", "--indent-heuristic")  # fmt: skip
    lines = "".join(f"{old} {new}\n" for old, new in pairs)
    argv = ("-c", "diff.suppressBlankEmpty=false", "-c", "core.quotePath=false", *words)
    out = repository.git(*argv, input=lines.encode("ascii")).stdout
    found: list[bytes] = []
    for old, new in reversed(pairs):
        header = f"{old} {new}\n".encode("ascii")
        # A header cannot occur in a diff: there, every line starts with a sign or a word of git's.
        position = 0 if out.startswith(header) and len(pairs) - len(found) == 1 else (
            out.rindex(b"\n" + header) + 1
        )  # fmt: skip
        found.append(out[position + len(header) :])
        out = out[:position]
    return found[::-1]

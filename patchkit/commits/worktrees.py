# SPDX-License-Identifier: GPL-2.0-only
"""Work trees are only looked at here: who has a branch checked out, and what is in progress.

The one thing that changes a work tree is :func:`switch`, for ``--checkout``, and it leaves every
file that is not exactly a commit's alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from patchkit.commits.branch import BRANCHES
from patchkit.commits.faults import step
from patchkit.commits.repo import Repository
from patchkit.errors import UserError

_IN_PROGRESS = (
    ("rebase-apply/applying", "git am", "git am --abort"),
    ("rebase-apply", "git rebase", "git rebase --abort"),
    ("rebase-merge", "git rebase", "git rebase --abort"),
    ("MERGE_HEAD", "git merge", "git merge --abort"),
    ("CHERRY_PICK_HEAD", "git cherry-pick", "git cherry-pick --abort"),
    ("REVERT_HEAD", "git revert", "git revert --abort"),
    ("sequencer", "git cherry-pick or revert", "git cherry-pick --abort"),
    ("BISECT_LOG", "git bisect", "git bisect reset"),
)


def in_progress(git_dir: Path) -> tuple[str, str] | None:
    """Return what is unfinished in a work tree and how to end it; None when nothing is."""
    for name, what, remedy in _IN_PROGRESS:
        if (git_dir / name).exists():
            return what, remedy
    return None


def checked_out_at(repository: Repository, branch: str) -> Path | None:
    """Return a work tree that has *branch* checked out, or is rebasing or bisecting it.

    A bare repository's own HEAD does not count: nobody's files follow it.
    """
    words = ("worktree", "list", "--porcelain")
    text = repository.git(*words).stdout.decode("utf-8", "surrogateescape")
    for block in text.split("\n\n"):
        lines = block.splitlines()
        if f"branch {BRANCHES}{branch}" in lines and "bare" not in lines:
            return Path(lines[0].partition(" ")[2])
    for git_dir in _git_dirs(repository):
        for name, wanted in (
            ("rebase-merge/head-name", BRANCHES + branch),
            ("rebase-apply/head-name", BRANCHES + branch),
            ("BISECT_START", branch),
        ):
            file = git_dir / name
            if file.is_file() and os.fsdecode(file.read_bytes()).strip() == wanted:
                return _work_tree_of(git_dir)
    return None


def _git_dirs(repository: Repository) -> Iterator[Path]:
    yield repository.common_dir
    linked = repository.common_dir / "worktrees"
    if linked.is_dir():
        yield from sorted(linked.iterdir())


def _work_tree_of(git_dir: Path) -> Path:
    pointer = git_dir / "gitdir"
    if pointer.is_file():
        return Path(os.fsdecode(pointer.read_bytes()).strip()).parent
    return git_dir.parent if git_dir.name == ".git" else git_dir


def refuse_checked_out(repository: Repository, branch: str) -> None:
    """Raise UserError when moving *branch* would pull the ground from under a work tree."""
    place = checked_out_at(repository, branch)
    if place is not None:
        raise UserError(
            f"{branch} is checked out (or being rebased or bisected) in {place}, and would change "
            "under its files; nothing was changed",
            hint=f"git -C {place} switch --detach   (or use --checkout there, with a clean tree)",
        )


def require_switchable(repository: Repository) -> None:
    """Raise UserError, naming the check that failed, unless ``--checkout`` would be safe."""
    if repository.bare:
        raise UserError(
            f"--checkout needs a work tree, and {repository.path} is a bare repository; "
            "nothing was changed",
            hint=f"git -C {repository.path} worktree add DIR BRANCH",
        )
    unfinished = in_progress(repository.git_dir)
    if unfinished is not None:
        what, remedy = unfinished
        raise UserError(
            f"--checkout: {what} is in progress in {repository.path}; nothing was changed",
            hint=f"finish it, or give it up with {remedy}; or leave --checkout away",
        )
    words = ("status", "--porcelain=v1", "-z", "--untracked-files=no", "--ignore-submodules=none")
    changed = repository.work_tree_git(*words).stdout.split(b"\0")
    names = [os.fsdecode(entry[3:]) for entry in changed if entry]
    if names:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        raise UserError(
            f"--checkout: {repository.path} has uncommitted changes "
            f"({', '.join(names[:3])}{more}); nothing was changed",
            hint="git stash, or git commit; or leave --checkout away: the branch is made anyway",
        )


def current_branch(repository: Repository) -> str:
    """Return the branch that HEAD is on in this work tree, "" when it is detached."""
    done = repository.work_tree_git("symbolic-ref", "--quiet", "--short", "HEAD", check=False)
    return done.stdout.decode("utf-8", "surrogateescape").strip()


def refuse_overwriting(repository: Repository, commit: str) -> None:
    """Raise UserError when a file that git does not know would be replaced by one of *commit*.

    git asks before it replaces untracked files but not ignored ones, and Debian's kernel trees
    ignore every new file.
    """
    top = repository.work_tree_git("rev-parse", "--show-toplevel").stdout
    root = Path(os.fsdecode(top.rstrip(b"\n")))
    words = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=A",
             "HEAD", commit)  # fmt: skip
    for name in repository.work_tree_git(*words).stdout.split(b"\0"):
        path = os.fsdecode(name)
        if path and os.path.lexists(root / path):
            raise UserError(
                f"--checkout: {root / path} is not under version control and would be replaced; "
                "nothing was changed",
                hint=f"move it away, or leave --checkout away: mv {path} {path}.mine",
            )


def detach(repository: Repository, commit: str) -> None:
    """Take HEAD off the branch it is on; index and files stay what they are, those of *commit*."""
    why = "patchkit: leaving the branch while it moves"
    repository.work_tree_git("update-ref", "--no-deref", "-m", why, "HEAD", commit)
    step("HEAD detached")


def attach(repository: Repository, branch: str) -> None:
    """Put HEAD back on *branch*, after a move that did not happen."""
    repository.work_tree_git("symbolic-ref", "HEAD", BRANCHES + branch)


def switch(repository: Repository, branch: str) -> None:
    """Check *branch* out; git refuses by itself to lose anything. Raises UserError if it does."""
    words = ("-c", "advice.detachedHead=false", "checkout", "--quiet", "--no-guess",
             "--no-overwrite-ignore", "--no-recurse-submodules", branch, "--")  # fmt: skip
    done = repository.work_tree_git(*words, check=False)
    if done.returncode != 0:
        reason = done.stderr.decode("utf-8", "backslashreplace").strip()
        raise UserError(
            f"{branch} is complete, but could not be checked out: {reason}",
            hint=f"git -C {repository.path} switch {branch}",
        )
    step("checked out")

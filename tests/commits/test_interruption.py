# SPDX-License-Identifier: GPL-2.0-only
"""The program is killed after every step: what is left is the old state or the new one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from commit_helpers import PATCHES, commit, git, line, message, plan_at

from patchkit.commits.lock import HeldError, held
from patchkit.commits.status import status
from patchkit.commits.transaction import ApplyRequest, apply
from patchkit.commits.undo import UndoRequest, undo

pytestmark = pytest.mark.slow

NAME = "patchkit/vm-pinned"


def run_killed(request: ApplyRequest | UndoRequest, step: int) -> bool:
    """Carry out *request* in a process that dies after *step*; False when it came to its end."""
    child = os.fork()  # much faster than a new interpreter, and killed just the same
    if child == 0:
        status = 1
        try:
            os.environ["PATCHKIT_FAIL_AT"] = str(step)
            (apply if isinstance(request, ApplyRequest) else undo)(request)  # type: ignore[operator]
            status = 0
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(ended)
    assert code in (0, -signal.SIGKILL)
    return code != 0


def state(where: Path) -> tuple[str, ...]:
    """Everything that a user would look at: branch, work tree, index, HEAD."""
    return (
        git(where, "for-each-ref", "--format=%(refname) %(tree)", "refs/heads", "refs/stash"),
        git(where, "status", "--porcelain=v2", "--branch"),
        (where / ".git/HEAD").read_text(),
    )


def trees(where: Path) -> str:
    return git(where, "log", "--format=%T %s", f"main..{NAME}")


def check_every_step(
    where: Path, request: ApplyRequest | UndoRequest, reset: dict[str, str | None]
) -> int:
    """Kill after each step, from the refs in *reset* each time; return how many steps there are."""
    old = state(where)
    journal = where / ".git/patchkit/journal.json"
    step = 0
    seen = set()
    while True:
        step += 1
        assert step < 100
        for ref, value in reset.items():
            git(where, "update-ref", *([ref, value] if value else ["-d", ref]))
        killed = run_killed(request, step)
        now = state(where)
        if not killed:
            break
        seen.add(now)
        git(where, "fsck", "--strict", "--no-dangling")
        # The next run, whatever the last left, ends complete, and then there is nothing to do.
        if isinstance(request, ApplyRequest):
            apply(request)
        elif journal.exists() or git(where, "for-each-ref", f"refs/heads/{NAME}"):
            undo(request)
        complete = state(where)
        seen.add(complete)
        assert not journal.exists()
        if isinstance(request, ApplyRequest):
            assert not apply(request).changed
            assert status(where, NAME).tip == git(where, "rev-parse", NAME)
    assert seen <= {old, now}
    assert seen == {old, now}, "some step must fall before the branch moves, some after"
    return step - 1


def test_first_apply_is_old_or_complete(kernel: Path) -> None:
    (kernel / "mm/mlock.c").write_bytes(b"dirty\n")
    base = git(kernel, "rev-parse", "HEAD")
    request = ApplyRequest(kernel, base, plan_at(kernel, base), NAME)
    steps = check_every_step(
        kernel, request, {f"refs/heads/{NAME}": None, f"refs/patchkit/{NAME}": None}
    )
    # Lock, three commits, record, journal, record's ref, branch, journal away.
    assert steps == 9


def test_rendering_again_under_the_users_commits_is_old_or_complete(kernel: Path) -> None:
    base = git(kernel, "rev-parse", "HEAD")
    apply(ApplyRequest(kernel, base, plan_at(kernel, base), NAME))
    git(kernel, "checkout", "-q", NAME)
    own = commit(kernel, {"README": b"mine\n"}, "Mine")
    git(kernel, "checkout", "-q", "main")
    record = git(kernel, "rev-parse", f"refs/patchkit/{NAME}")
    newer = [PATCHES[0], ("0002-count", message("mm: count"), {"mm/mlock.c": line(9, b"/**/")})]
    request = ApplyRequest(kernel, base, plan_at(kernel, base, newer, digest="2"), NAME)
    steps = check_every_step(
        kernel, request, {f"refs/heads/{NAME}": own, f"refs/patchkit/{NAME}": record}
    )
    assert steps == 8


def test_undo_is_old_or_complete(kernel: Path) -> None:
    base = git(kernel, "rev-parse", "HEAD")
    tip = apply(ApplyRequest(kernel, base, plan_at(kernel, base), NAME)).after
    record = git(kernel, "rev-parse", f"refs/patchkit/{NAME}")
    steps = check_every_step(
        kernel, UndoRequest(kernel, NAME),
        {f"refs/heads/{NAME}": tip, f"refs/patchkit/{NAME}": record},
    )  # fmt: skip
    assert steps == 5


def test_the_result_tells_of_a_recovery(kernel: Path) -> None:
    base = git(kernel, "rev-parse", "HEAD")
    request = ApplyRequest(kernel, base, plan_at(kernel, base), NAME)
    assert run_killed(request, 7)
    assert git(kernel, "for-each-ref", f"refs/heads/{NAME}") == ""
    assert git(kernel, "for-each-ref", "refs/patchkit") != ""
    result = apply(request)
    assert (result.recovered, result.changed) == (True, True)


def test_locks_of_a_git_that_died_too_are_removed(kernel: Path) -> None:
    base = git(kernel, "rev-parse", "HEAD")
    request = ApplyRequest(kernel, base, plan_at(kernel, base), NAME)
    assert run_killed(request, 6)  # the journal is written, the refs are about to move
    for ref in (f"refs/patchkit/{NAME}", f"refs/heads/{NAME}"):
        lock = kernel / ".git" / f"{ref}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
    assert apply(request).changed


def test_the_loser_is_told_who_holds_the_repository(kernel: Path) -> None:
    base = git(kernel, "rev-parse", "HEAD")
    request = ApplyRequest(kernel, base, plan_at(kernel, base), NAME)
    holder = subprocess.Popen(
        [sys.executable, "-c",
         "import sys\nfrom pathlib import Path\nfrom patchkit.commits.lock import held\n"
         f"with held(Path({str(kernel / '.git/patchkit')!r}), Path('.')):\n"
         "    print('held', flush=True); sys.stdin.read()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(HeldError, match=f"process {holder.pid} ") as caught:
            apply(request)
        assert caught.value.pid == holder.pid
        assert caught.value.exit_code == 3
        assert git(kernel, "for-each-ref", "refs/heads/patchkit", "refs/patchkit") == ""
    finally:
        holder.kill()
        holder.communicate()
    # A holder that was killed holds nothing any more.
    assert apply(request).changed


def test_the_lock_is_one_for_all_work_trees(kernel: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(kernel, "worktree", "add", "-q", "--detach", str(linked))
    base = git(kernel, "rev-parse", "HEAD")
    with held(kernel / ".git/patchkit", kernel), pytest.raises(HeldError):
        apply(ApplyRequest(linked, base, plan_at(kernel, base), NAME))


@pytest.mark.parametrize("journal", [b"", b"{}", b"\0\xff"])
def test_a_damaged_journal_is_reported_not_guessed(kernel: Path, journal: bytes) -> None:
    from patchkit.errors import InfrastructureError

    base = git(kernel, "rev-parse", "HEAD")
    (kernel / ".git/patchkit").mkdir()
    (kernel / ".git/patchkit/journal.json").write_bytes(journal)
    with pytest.raises(InfrastructureError, match="not a journal"):
        apply(ApplyRequest(kernel, base, plan_at(kernel, base), NAME))
    assert git(kernel, "for-each-ref", "refs/heads/patchkit") == ""


def test_no_space_left_moves_no_ref(kernel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    from git.db import LooseObjectDB

    from patchkit.errors import InfrastructureError

    original = LooseObjectDB.store
    left = iter(range(6))

    def store(self: LooseObjectDB, stream: object) -> object:
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        return original(self, stream)

    base = git(kernel, "rev-parse", "HEAD")
    request = ApplyRequest(kernel, base, plan_at(kernel, base), NAME)
    monkeypatch.setattr(LooseObjectDB, "store", store)
    with pytest.raises(InfrastructureError, match="No space left"):
        apply(request)
    assert git(kernel, "for-each-ref", "refs/heads/patchkit", "refs/patchkit") == ""
    monkeypatch.undo()
    git(kernel, "fsck", "--strict")

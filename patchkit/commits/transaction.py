# SPDX-License-Identifier: GPL-2.0-only
"""``apply``: a plan becomes commits on a branch, all at once or not at all.

Objects come first, then the record of what was done, and the branch moves last, by
compare-and-swap. The work tree and the index are not looked at unless ``checkout`` asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from patchkit.commits import worktrees
from patchkit.commits.branch import branch_ref, default_branch, record_ref
from patchkit.commits.faults import step
from patchkit.commits.history import History, read_history
from patchkit.commits.journal import Journal, Move, move_both, recover, state_directory
from patchkit.commits.lock import held
from patchkit.commits.record import (
    Record,
    RecordedPatch,
    facts_text,
    plan_digest,
    read_record,
    write_record,
)
from patchkit.commits.render import People, Rendered, known_commits, render
from patchkit.commits.repo import Repository
from patchkit.commits.transplant import Kept, Transplanted, transplant
from patchkit.errors import ConflictError, UserError
from patchkit.series.model import Plan


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """Put *plan*, made on the commit *base*, on a branch of *repository*.

    *branch* is its short name, ``patchkit/<last series of the plan>`` when empty. *sign_off* adds
    the user's Signed-off-by to each rendered commit. *checkout* switches the work tree to the
    branch afterwards, if that is safe.
    """

    repository: Path
    base: str
    plan: Plan
    branch: str = ""
    sign_off: bool = False
    checkout: bool = False


@dataclass(frozen=True, slots=True)
class AppliedPatch:
    """One patch of the plan; *commit* is its id on the branch, "" when it has none there."""

    series: str
    id: str
    subject: str
    state: str
    commit: str


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What was done.

    *ref* is the branch's full name, "" when there was nothing to put on one. *before* and *after*
    are the branch's tips (*before* "" if it is new). *changed* tells whether the branch moved.
    *kept* are the user's commits, *range_diff* compares the branch with what it was, when it was
    rendered again. *recovered* tells that an interrupted run was put right first.
    """

    base: str
    ref: str
    before: str
    after: str
    changed: bool
    patches: tuple[AppliedPatch, ...]
    kept: tuple[Kept, ...] = ()
    range_diff: str = ""
    recovered: bool = False


def apply(request: ApplyRequest) -> ApplyResult:
    """Carry out *request*.

    Raises ConflictError when the plan has conflicts or the user's commits do not fit a new
    rendering, UserError when the branch is not patchkit's or is in use, HeldError when another
    patchkit is at work, StaleRefError when the branch moved meanwhile: nothing has changed then.
    """
    plan = request.plan
    if plan.conflicts:
        names = ", ".join(f"{patch.series}/{patch.id}" for patch in plan.conflicts)
        raise ConflictError(f"{plan.tree}: conflict in {names}; nothing was written")
    branch = request.branch or default_branch([patch.series for patch in plan.patches])
    with Repository(request.repository) as repository:
        ref = branch_ref(repository, branch)
        base = repository.resolve(request.base)
        if request.checkout:
            worktrees.require_switchable(repository)
        with held(state_directory(repository), repository.common_dir):
            step("locked")
            recovered = recover(repository) is not None
            work = _Work(repository, request, branch, ref, base)
            result = work.run(recovered)
        if request.checkout and result.ref:
            worktrees.refuse_overwriting(repository, result.after)
            worktrees.switch(repository, branch)
        return result


class _Work:
    """One apply with the lock held."""

    def __init__(
        self, repository: Repository, request: ApplyRequest, branch: str, ref: str, base: str
    ) -> None:
        self.repository = repository
        self.request = request
        self.plan = request.plan
        self.branch, self.ref, self.base = branch, ref, base
        self.before = repository.ref(ref) or ""
        self.record_id = repository.ref(record_ref(branch)) or ""
        record = read_record(repository, self.record_id) if self.record_id else None
        # A record outlives its branch when the user deletes that: the next apply starts anew.
        self.record = record if self.before else None
        self.digest = plan_digest(self.plan, base, request.sign_off)

    def run(self, recovered: bool) -> ApplyResult:
        if self.record is None and not self.plan.changed:
            return replace(self._result(Transplanted("", {}), "", recovered), changed=False)
        if self.before and self.record is None:
            return self._adopt(recovered)
        history = None
        if self.record is not None:
            history = read_history(self.repository, self.record, self.before, self.base)
            if self._holds_already(history):
                return self._unchanged(history, recovered)
        people = self._people()
        rendered = render(
            self.repository, self.base, self.plan, people,
            known_commits(self.repository, self.record),
        )  # fmt: skip
        if history is None or self.record is None:
            made = Transplanted(rendered[-1].commit, {one.key: one.commit for one in rendered})
        else:
            made = transplant(self.repository, self.record, history, rendered, self.base, people)
        self._publish(made, rendered, people)
        range_diff = ""
        if history is not None and made.tip != self.before:
            range_diff = _range_diff(
                self.repository, f"{history.start}..{self.before}", f"{self.base}..{made.tip}"
            )
        return self._result(made, range_diff, recovered)

    def _holds_already(self, history: History) -> bool:
        """Tell whether the branch has this very plan; refuse a plan made on the branch itself."""
        record = self.record
        assert record is not None
        inside = {slot.commit.id for slot in history.slots if history.start != self.base}
        if self.base in inside and any(slot.key for slot in history.slots):
            if not self.plan.changed:
                return True
            raise UserError(
                f"the plan was made on {self.base[:12]}, a commit of {self.branch} itself; "
                "nothing was changed",
                hint=f"plan on what the branch is based on: --rev {record.base[:12]}",
            )
        if self.digest != record.plan or self.base != record.base:
            return False
        if not history.missing:
            return True
        if history.theirs:
            raise ConflictError(
                f"{self.branch} holds commits of yours but lacks {', '.join(history.missing)}, "
                "which was rendered there (dropped, or squashed into another); "
                "nothing was changed",
                hint=f"render all of it beside: --branch {self.branch}-new",
            )
        return False

    def _unchanged(self, history: History, recovered: bool) -> ApplyResult:
        assert self.record is not None
        here = {slot.key: slot.commit.id for slot in history.slots if slot.key}
        kept = tuple(
            Kept(slot.commit.id, slot.commit.id, slot.commit.subject, slot.key)
            for slot in history.theirs
        )
        return ApplyResult(
            self.record.base, self.ref, self.before, self.before, False,
            _applied(self.plan, here), kept, "", recovered,
        )  # fmt: skip

    def _adopt(self, recovered: bool) -> ApplyResult:
        """Take over a branch without record (records are not fetched) if it holds this plan."""
        people = self._people()
        rendered = render(self.repository, self.base, self.plan, people, {})
        found = (
            self.repository.commits_between(self.base, self.before)
            if self.repository.is_ancestor(self.base, self.before) else []
        )  # fmt: skip
        same = [(one.tree, one.message) for one in rendered]
        if not same or [(one.tree, one.message) for one in found[: len(same)]] != same:
            raise UserError(
                f"the branch {self.branch} exists and does not hold this rendering, "
                "so patchkit leaves it alone",
                hint=f"choose another with --branch, or rename it: "
                f"git branch -m {self.branch} {self.branch}-mine",
            )
        adopted = tuple(
            Rendered(one.key, commit.id, one.tree, commit.parents[0], one.parent_tree,
                     one.message, one.patch)
            for one, commit in zip(rendered, found, strict=False)
        )  # fmt: skip
        rest = found[len(same) :]
        kept = tuple(Kept(commit.id, commit.id, commit.subject) for commit in rest)
        made = Transplanted(self.before, {one.key: one.commit for one in adopted}, kept)
        self._publish(made, adopted, people)
        return self._result(made, "", recovered)

    def _people(self) -> People:
        author, committer = (self.repository.identity(role) for role in ("AUTHOR", "COMMITTER"))
        return People(author, committer, committer if self.request.sign_off else None)

    def _publish(self, made: Transplanted, rendered: tuple[Rendered, ...], people: People) -> None:
        """Write the record and move both refs."""
        moves = made.tip != self.before
        if self.request.checkout:
            worktrees.refuse_overwriting(self.repository, made.tip)
        on_it = moves and self.before and self._prepare_move()
        commits = {one.key: one.commit for one in rendered}
        undo_to, previous = self.before, self.record_id
        if self.record is not None and self.record.after == self.before == made.tip:
            # Only the record is new, so an undo still means the apply before it.
            undo_to, previous = self.record.before, self.record.previous
        record = Record(
            branch=self.branch, base=self.base,
            tip=rendered[-1].commit if rendered else self.base,
            before=undo_to, after=made.tip, plan=self.digest,
            patches=tuple(
                RecordedPatch(
                    patch.series, patch.id, patch.subject, patch.state, patch.digest,
                    commits.get(f"{patch.series}/{patch.id}", ""),
                    made.here.get(f"{patch.series}/{patch.id}", ""),
                    facts_text(patch.facts),
                )
                for patch in self.plan.patches
            ),
            previous=previous,
        )  # fmt: skip
        new_record = write_record(self.repository, record, people.committer)
        step("record written")
        series = ", ".join(dict.fromkeys(patch.series for patch in self.plan.patches))
        why = f"patchkit apply: {series} on {self.base[:12]}"
        journal = Journal(
            "apply",
            Move(self.ref, self.before, made.tip),
            Move(record_ref(self.branch), self.record_id, new_record), why,
        )  # fmt: skip
        if on_it:
            worktrees.detach(self.repository, self.before)
        try:
            move_both(self.repository, journal)
        except Exception:
            if on_it:
                worktrees.attach(self.repository, self.branch)
            raise

    def _prepare_move(self) -> bool:
        """Refuse to move a branch that is in use; True when it is here and ``checkout`` may."""
        here = self.request.checkout and worktrees.current_branch(self.repository) == self.branch
        if not here:
            worktrees.refuse_checked_out(self.repository, self.branch)
        return here

    def _result(
        self, made: Transplanted, range_diff: str = "", recovered: bool = False
    ) -> ApplyResult:
        return ApplyResult(
            self.base, self.ref if made.tip else "", self.before, made.tip,
            made.tip != self.before, _applied(self.plan, made.here), made.kept, range_diff,
            recovered,
        )  # fmt: skip


def _applied(plan: Plan, commits: Mapping[str, str]) -> tuple[AppliedPatch, ...]:
    return tuple(
        AppliedPatch(
            patch.series, patch.id, patch.subject, patch.state,
            commits.get(f"{patch.series}/{patch.id}", ""),
        )
        for patch in plan.patches
    )  # fmt: skip


def _range_diff(repository: Repository, old: str, new: str) -> str:
    words = ("-c", "diff.noprefix=false", "range-diff", "--no-color", old, new)
    done = repository.git(*words, check=False)
    return done.stdout.decode("utf-8", "backslashreplace")

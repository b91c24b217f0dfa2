# SPDX-License-Identifier: GPL-2.0-only
"""Patches for others: a mailbox, numbered files, or a quilt series.

Two sources: a branch, with whatever the user did to it, or a plan, which needs no repository; for
that the plan is rendered in a small one of its own, so both ways give the same bytes.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from patchkit import __version__
from patchkit.commits.backport import Style, styled, upstream_commit
from patchkit.commits.branch import branch_ref, record_ref
from patchkit.commits.cover import Cover, Footing, cover_letter, trailer
from patchkit.commits.exported import ExportRecord, last_export, new_change_id, range_diff
from patchkit.commits.history import Slot, read_history
from patchkit.commits.mail import Letter, author_seconds, file_name, mail, quilt_patch
from patchkit.commits.message import signed
from patchkit.commits.record import RecordedPatch, facts_text, read_record
from patchkit.commits.render import People, render, tree_diffs
from patchkit.commits.repo import Commit, Identity, Repository, user_identity
from patchkit.commits.scratch import base_commit, scratch_repository
from patchkit.errors import ConflictError, NothingRanError, UserError
from patchkit.series.model import Plan

Form = Literal["mbox", "patches", "quilt"]
COVER = "0000-cover-letter.txt"
"""Not ``.patch``, so that ``git am DIR/*.patch`` works; ``git send-email DIR`` takes it first."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """How to write patches; *version* is that of the posting, *cover* adds a cover letter.

    ``git am`` stops at a mail without a patch, so a cover letter is never part of a mailbox, nor
    a ``.patch``: it is a file beside them. *only* names the series to write, all when empty; those
    below them become prerequisites. *signer* signs each patch that does not have that sign-off.
    *whom_to_copy* is asked once, with the diff of everything that is written.
    """

    form: Form
    version: int = 1
    cover: Cover | None = None
    style: Style = "none"
    only: tuple[str, ...] = ()
    signer: Identity | None = None
    whom_to_copy: Callable[[bytes], tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file to write; *name* is relative to what the user named."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Exported:
    """The files in order, and *notes* that whoever applies them should know.

    *record* is what to remember of it; None when it was not made from a branch.
    """

    form: Form
    files: tuple[ExportedFile, ...]
    subjects: tuple[str, ...]
    notes: tuple[str, ...] = ()
    record: ExportRecord | None = None


@dataclass(frozen=True, slots=True)
class Selected:
    """The patches to write and what they stand on; *whole* is the diff of them together.

    *trees* are those that the patches lead to; *below* is the commit right under the first one.
    """

    letters: tuple[Letter, ...]
    whole: bytes
    trees: tuple[str, ...]
    below: str
    footing: Footing
    record: ExportRecord


def export_branch(request: ExportRequest, repository: Path, branch: str) -> Exported:
    """Export the commits on *branch*, the user's too, from the base that is recorded for it.

    UserError when there is no such branch, it was not rendered here, or it has a merge.
    """
    with Repository(repository) as opened:
        selected = select_from_branch(request, opened, branch)
    made = _exported(request, selected.letters, selected.whole, selected.footing)
    return replace(made, record=selected.record)


def select_from_branch(request: ExportRequest, opened: Repository, branch: str) -> Selected:
    """Return what of *branch* is to be written, worded as *request* wants; see export_branch()."""
    tip = opened.ref(branch_ref(opened, branch))
    if tip is None:
        raise UserError(f"{opened.path}: there is no branch {branch}", hint="patchkit apply")
    record_id = opened.ref(record_ref(branch))
    if record_id is None:
        raise UserError(
            f"{branch} was not rendered here, so its base is not known",
            hint="patchkit status names the branches that were",
        )
    record = read_record(opened, record_id)
    history = read_history(opened, record, tip, opened.resolve(record.base))
    base = history.start
    known = {slot.commit.id: slot for slot in history.slots if slot.key}
    about = {patch.key: patch for patch in record.patches}
    commits = opened.commits_between(base, tip)
    _refuse_merges(branch, commits)
    pairs = [(opened.commit(one.parents[0]).tree, one.tree) for one in commits]
    letters = [
        Letter(
            one.id, one.author.decode("utf-8", "surrogateescape"), _text(one), diff,
            _about(about, known.get(one.id)), known[one.id].key if one.id in known else "",
        )
        for one, diff in zip(commits, tree_diffs(opened, pairs, binary=True), strict=True)
    ]  # fmt: skip
    first = _first(request.only, letters)
    prerequisites, whole = _parts(opened, letters, pairs, first)
    letters, pairs, commits = letters[first:], pairs[first:], commits[first:]
    below = commits[0].parents[0] if commits else base
    last = last_export(opened, branch, request.version)
    if last is not None:
        change_id = last.change_id
    else:
        name = request.only[-1] if request.only else branch.rpartition("/")[2]
        author = letters[0].author if letters else ""
        change_id = new_change_id(name, author, author_seconds(author), base)
    footing = Footing(base, change_id, prerequisites, range_diff(opened, last, below, tip))
    return Selected(
        tuple(_worded(request, one) for one in letters), whole,
        tuple(after for _, after in pairs), below, footing,
        ExportRecord(branch, request.version, below, tip, change_id),
    )  # fmt: skip


def export_plan(
    request: ExportRequest,
    plan: Plan,
    *,
    identity_from: Path | None = None,
    base: str = "",
) -> Exported:
    """Export what *plan* would commit, with no repository of the user's involved.

    *identity_from* is where git is asked who the author is (default: here); *base* is the commit
    that the plan was made on, if there is one. ConflictError when the plan has conflicts.
    """
    if plan.conflicts:
        names = ", ".join(f"{patch.series}/{patch.id}" for patch in plan.conflicts)
        raise ConflictError(f"{plan.tree}: conflict in {names}; nothing was written")
    place = identity_from or Path()
    author, committer = user_identity("AUTHOR", place), user_identity("COMMITTER", place)
    with scratch_repository() as scratch:
        start = base_commit(scratch, plan, author)
        rendered = render(scratch, start, plan, People(author, committer), {})
        pairs = [(one.parent_tree, one.tree) for one in rendered]
        letters = [
            Letter(
                one.commit, author.line, one.message.decode("utf-8", "surrogateescape"), diff,
                provenance(one.key, one.patch.digest, facts_text(one.patch.facts)), one.key,
            )
            for one, diff in zip(rendered, tree_diffs(scratch, pairs, binary=True), strict=True)
        ]  # fmt: skip
        first = _first(request.only, letters)
        prerequisites, whole = _parts(scratch, letters, pairs, first)
    worded = tuple(_worded(request, one) for one in letters[first:])
    return _exported(request, worded, whole, Footing(base, "", prerequisites))


def _parts(
    repository: Repository, letters: list[Letter], pairs: list[tuple[str, str]], first: int
) -> tuple[tuple[str, ...], bytes]:
    """Return the ids of the patches before number *first*, and the diff of the others together.

    *pairs* are the trees before and after each patch.
    """
    ids = patch_ids(repository, [one.diff for one in letters[:first]])
    ends = [(pairs[first][0], pairs[-1][1])] if first < len(pairs) else []
    return ids, b"".join(tree_diffs(repository, ends, binary=True))


def patch_ids(repository: Repository, diffs: list[bytes]) -> tuple[str, ...]:
    """Return the ids by which others know these patches (``git patch-id --stable``)."""
    found = []
    for diff in diffs:
        done = repository.git("patch-id", "--stable", input=diff)
        found += [line.split()[0].decode("ascii") for line in done.stdout.splitlines()[:1]]
    return tuple(found)


def _first(only: tuple[str, ...], letters: list[Letter]) -> int:
    """Return the position of the first patch to write; those before it are prerequisites."""
    if not only:
        return 0
    wanted = [one.key.partition("/")[0] in only for one in letters]
    first = max(
        (number for number, one in enumerate(letters, 1) if one.key and not wanted[number - 1]),
        default=0,
    )
    if True in wanted[:first]:
        subject = letters[wanted.index(True)].subject
        raise UserError(
            f"--only {' '.join(only)}: {subject!r} stands below patches of other series, which "
            "could then not be prerequisites",
            hint="reorder them (git rebase -i), or export all series",
        )
    return first


def _worded(request: ExportRequest, letter: Letter) -> Letter:
    style = request.style
    if request.form == "quilt" and style == "debian":
        style = "none"  # its fields are headers there
    message = styled(letter.message, style, letter.key, author_seconds(letter.author))
    if request.signer is not None:
        message = signed(message, request.signer)
    return replace(letter, message=message)


def provenance(key: str, digest: str, facts: tuple[str, ...], amended: bool = False) -> str:
    """Return the lines that say where a patch is from, for under ``---``."""
    lines = [f"Rendered by patchkit {__version__} from {key}, template {digest or 'unknown'}"]
    if amended:
        lines[0] += ", amended by hand"
    if facts:
        lines += ["Facts used:", *(f"  {fact}" for fact in facts)]
    return "\n".join(lines) + "\n"


def _about(patches: Mapping[str, RecordedPatch], slot: Slot | None) -> str:
    if slot is None:
        return ""
    patch = patches[slot.key]
    return provenance(patch.key, patch.digest, patch.facts, slot.kind == "amended")


def _refuse_merges(branch: str, commits: list[Commit]) -> None:
    for commit in commits:
        if len(commit.parents) > 1:
            raise UserError(
                f"{branch}: {commit.id[:12]} ({commit.subject!r}) is a merge, which no patch holds",
                hint="rebase the branch without it: git rebase",
            )


def _text(commit: Commit) -> str:
    """Return a message as text, from the encoding that the commit names."""
    encoding = commit.encoding.decode("ascii", "replace") or "utf-8"
    try:
        codecs.lookup(encoding)
    except LookupError:
        encoding = "utf-8"
    return commit.message.decode(encoding, "surrogateescape" if encoding == "utf-8" else "replace")


def refuse_empty(letters: tuple[Letter, ...]) -> None:
    """Raise NothingRanError when there is no patch."""
    if not letters:
        raise NothingRanError(
            "there is no patch to export: the tree has everything already",
            hint="patchkit plan shows the evidence",
        )


def _exported(
    request: ExportRequest, letters: tuple[Letter, ...], whole: bytes, footing: Footing
) -> Exported:
    refuse_empty(letters)
    total = len(letters)
    files: list[ExportedFile] = []
    cc = request.whom_to_copy(whole) if request.whom_to_copy is not None else ()
    if request.form == "quilt":
        names = [file_name(number, one.subject) for number, one in enumerate(letters, 1)]
        files = [
            ExportedFile(name, quilt_patch(one)) for name, one in zip(names, letters, strict=True)
        ]
        listing = [f"# Rendered by patchkit {__version__}", *names]
        files.append(ExportedFile("series", "".join(f"{one}\n" for one in listing).encode("ascii")))
    else:
        foot = "" if request.cover is not None else trailer(footing)
        mails = [
            mail(one, number, total, request.version, foot if number == 1 else "", cc)
            for number, one in enumerate(letters, 1)
        ]
        if request.form == "mbox":
            files = [ExportedFile("", b"".join(mails))]
        else:
            files = [
                ExportedFile(file_name(number, one.subject), data)
                for number, (one, data) in enumerate(zip(letters, mails, strict=True), 1)
            ]
    if request.cover is not None:
        letter = cover_letter(request.cover, letters, whole, footing, request.version, cc)
        files.insert(0, ExportedFile(COVER, letter))
    subjects = tuple(one.subject for one in letters)
    return Exported(request.form, tuple(files), subjects, _notes(request, letters))


def _notes(request: ExportRequest, letters: tuple[Letter, ...]) -> tuple[str, ...]:
    """Return what the program at the other end, or who sends this, has to be told."""
    found, quilt = [], request.form == "quilt"
    if not quilt and any(b"\r\n" in one.diff for one in letters):
        found.append("files with CRLF are touched: git am needs --keep-cr")
    if quilt and any(b"GIT binary patch" in one.diff for one in letters):
        found.append("binary files are touched, which quilt cannot apply")
    for one in letters:
        if not one.diff:
            found.append(f"{one.subject!r} changes nothing: git am needs --empty=keep")
        if any(
            line in ("---", "-- ") or line.startswith("diff -") for line in one.body.split("\n")
        ):
            found.append(f"{one.subject!r}: git am will cut the message at a line of dashes")
        if request.style == "stable" and not upstream_commit(one.message):
            found.append(f"{one.subject!r} names no upstream commit; stable takes only such")
    return tuple(found)

# SPDX-License-Identifier: GPL-2.0-only
"""Patches for others: a mailbox, numbered files, or a quilt series.

Two sources: a branch, with whatever the user did to it, or a plan, which needs no repository; for
that the plan is rendered in a small one of its own, so both ways give the same bytes.
"""

from __future__ import annotations

import codecs
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from patchkit import __version__, process
from patchkit.commits.branch import branch_ref, record_ref
from patchkit.commits.diffstat import diffstat
from patchkit.commits.history import Slot, read_history
from patchkit.commits.lock import replace_file
from patchkit.commits.mail import (
    MARK,
    SIGNATURE,
    Letter,
    author_parts,
    file_name,
    headers,
    mail,
    quilt_patch,
    subject_prefix,
)
from patchkit.commits.record import RecordedPatch, facts_text, read_record
from patchkit.commits.render import People, render, tree_diffs
from patchkit.commits.repo import Commit, Identity, Repository, user_identity
from patchkit.commits.treeedit import edit_tree
from patchkit.errors import ConflictError, NothingRanError, UserError
from patchkit.series.model import FileChange, Plan
from patchkit.tree.git import ENVIRONMENT, command

Form = Literal["mbox", "patches", "quilt"]
COVER = "0000-cover-letter.txt"
"""Not ``.patch``, so that ``git am DIR/*.patch`` works; ``git send-email DIR`` takes it first."""


@dataclass(frozen=True, slots=True)
class Cover:
    """The text of a cover letter: its summary and what the series is about."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """How to write patches; *version* is that of the posting, *cover* adds a cover letter.

    ``git am`` stops at a mail without a patch, so a cover letter is never part of a mailbox, nor
    a ``.patch``: it is a file beside them.
    """

    form: Form
    version: int = 1
    cover: Cover | None = None


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file to write; *name* is relative to what the user named."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Exported:
    """The files in order, and *notes* that whoever applies them should know."""

    form: Form
    files: tuple[ExportedFile, ...]
    subjects: tuple[str, ...]
    notes: tuple[str, ...] = ()


def export_branch(
    request: ExportRequest, repository: Path, branch: str, base: str = ""
) -> Exported:
    """Export the commits on *branch*, the user's too, from its recorded base or from *base*.

    UserError when there is no such branch, no base is known, or it has a merge.
    """
    with Repository(repository) as opened:
        tip = opened.ref(branch_ref(opened, branch))
        if tip is None:
            raise UserError(f"{repository}: there is no branch {branch}", hint="patchkit apply")
        record_id = opened.ref(record_ref(branch))
        known: Mapping[str, Slot] = {}
        about: dict[str, RecordedPatch] = {}
        if record_id is not None:
            record = read_record(opened, record_id)
            history = read_history(opened, record, tip, opened.resolve(base or record.base))
            base = history.start
            known = {slot.commit.id: slot for slot in history.slots if slot.key}
            about = {patch.key: patch for patch in record.patches}
        elif not base:
            raise UserError(
                f"{branch} was not rendered here, so its base is not known",
                hint="name the commit that it starts from with --rev",
            )
        base = opened.resolve(base)
        commits = opened.commits_between(base, tip)
        _refuse_merges(branch, commits)
        pairs = [(opened.commit(one.parents[0]).tree, one.tree) for one in commits]
        letters = [
            Letter(
                one.id, one.author.decode("utf-8", "surrogateescape"), _text(one), diff,
                _about(about, known.get(one.id)),
            )
            for one, diff in zip(commits, tree_diffs(opened, pairs, binary=True), strict=True)
        ]  # fmt: skip
        whole = tree_diffs(opened, [(pairs[0][0], pairs[-1][1])], binary=True) if pairs else []
    return _exported(request, letters, b"".join(whole), base)


def export_plan(
    request: ExportRequest,
    plan: Plan,
    *,
    identity_from: Path | None = None,
    sign_off: bool = False,
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
    people = People(author, committer, committer if sign_off else None)
    with tempfile.TemporaryDirectory(prefix="patchkit-export-") as directory:
        bare = Path(directory)
        words = ("init", "--quiet", "--bare", "--template=", "--object-format=sha1", "--", ".")
        process.run(command(bare, *words), env=ENVIRONMENT)
        with Repository(bare) as scratch:
            start = _base_commit(scratch, plan, author)
            rendered = render(scratch, start, plan, people, {})
            pairs = [(one.parent_tree, one.tree) for one in rendered]
            letters = [
                Letter(
                    one.commit, author.line, one.message.decode("utf-8", "surrogateescape"), diff,
                    provenance(f"{one.key}", one.patch.digest, facts_text(one.patch.facts)),
                )
                for one, diff in zip(
                    rendered, tree_diffs(scratch, pairs, binary=True), strict=True
                )
            ]  # fmt: skip
            whole = tree_diffs(scratch, [(pairs[0][0], pairs[-1][1])], binary=True) if pairs else []
    return _exported(request, letters, b"".join(whole), base)


def _base_commit(scratch: Repository, plan: Plan, author: Identity) -> str:
    """Write a commit with just the files that the plan starts from."""
    first: dict[str, FileChange] = {}
    for patch in plan.changed:
        for change in patch.changes:
            first.setdefault(change.path, change)
    empty = scratch.write_tree({})
    new = [
        FileChange(change.path, None, change.old, change.mode)
        for change in first.values() if change.old is not None
    ]  # fmt: skip
    tree = edit_tree(scratch, empty, new, "base", twins=True) if new else empty
    line = author.line.encode("utf-8", "surrogateescape")
    return scratch.write_commit(tree, (), b"base\n", line, line)


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


def _exported(request: ExportRequest, letters: list[Letter], whole: bytes, base: str) -> Exported:
    if not letters:
        raise NothingRanError(
            "there is no patch to export: the tree has everything already",
            hint="patchkit plan shows the evidence",
        )
    total = len(letters)
    files: list[ExportedFile] = []
    if request.form == "quilt":
        names = [file_name(number, one.subject) for number, one in enumerate(letters, 1)]
        files = [
            ExportedFile(name, quilt_patch(one)) for name, one in zip(names, letters, strict=True)
        ]
        listing = [f"# Rendered by patchkit {__version__}", *names]
        files.append(ExportedFile("series", "".join(f"{one}\n" for one in listing).encode("ascii")))
    else:
        first_base = "" if request.cover is not None else base
        mails = [
            mail(one, number, total, request.version, first_base if number == 1 else "")
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
        letter = _cover_letter(request.cover, letters, whole, base, request.version)
        files.insert(0, ExportedFile(COVER, letter))
    subjects = tuple(one.subject for one in letters)
    return Exported(request.form, tuple(files), subjects, _notes(request.form, letters))


def _cover_letter(
    cover: Cover, letters: list[Letter], whole: bytes, base: str, version: int
) -> bytes:
    total = len(letters)
    author = letters[0].author
    by_author: dict[str, list[str]] = {}
    for one in letters:
        by_author.setdefault(author_parts(one.author)[0], []).append(one.subject)
    shortlog = "\n".join(
        f"{name} ({len(subjects)}):\n" + "".join(f"  {subject}\n" for subject in subjects)
        for name, subjects in by_author.items()
    )
    about = "".join(
        f"{number:>3}. {one.about.splitlines()[0]}\n"
        for number, one in enumerate(letters, 1) if one.about
    )  # fmt: skip
    text = (
        f"{cover.text.strip()}\n\n{shortlog}\n{diffstat(whole)}\n{about}"
        + (f"\nbase-commit: {base}\n" if base else "")
        + SIGNATURE
    )
    subject = f"{subject_prefix(0, total, version)} {cover.subject}"
    return headers("0" * 40, author, subject, text) + text.encode("utf-8", "surrogateescape")


def _notes(form: Form, letters: list[Letter]) -> tuple[str, ...]:
    """Return what the program at the other end has to be told."""
    found = []
    if form != "quilt" and any(b"\r\n" in one.diff for one in letters):
        found.append("files with CRLF are touched: git am needs --keep-cr")
    if form == "quilt" and any(b"GIT binary patch" in one.diff for one in letters):
        found.append("binary files are touched, which quilt cannot apply")
    for one in letters:
        if not one.diff:
            found.append(f"{one.subject!r} changes nothing: git am needs --empty=keep")
        if any(
            line in ("---", "-- ") or line.startswith("diff -") for line in one.body.split("\n")
        ):
            found.append(f"{one.subject!r}: git am will cut the message at a line of dashes")
    return tuple(found)


def write_exported(exported: Exported, destination: Path) -> tuple[Path, ...]:
    """Write the files and return their paths.

    *destination* is the file of a mailbox (a cover letter goes to FILE.cover), else a directory.
    There, patches of an earlier export go; UserError when patches of others are in it.
    """
    if exported.form == "mbox":
        written = []
        destination.parent.mkdir(parents=True, exist_ok=True)
        for file in exported.files:
            path = destination if not file.name else destination.with_name(
                f"{destination.name}.cover"
            )  # fmt: skip
            replace_file(path, file.data)
            written.append(path)
        return tuple(written)
    destination.mkdir(parents=True, exist_ok=True)
    names = {file.name for file in exported.files}
    stale = _stale(destination, names)
    written = []
    for file in exported.files:
        replace_file(destination / file.name, file.data)
        written.append(destination / file.name)
    for path in stale:
        path.unlink()
    return tuple(written)


def _stale(destination: Path, names: set[str]) -> list[Path]:
    """Return patches of an earlier export that this one does not replace."""
    stale = []
    for path in [*sorted(destination.glob("*.patch")), destination / "series", destination / COVER]:
        if not path.exists():
            continue
        if MARK not in path.read_bytes():
            raise UserError(
                f"{path} is not patchkit's, and would be mixed up with what is to be written; "
                "nothing was written",
                hint="name an empty directory",
            )
        if path.name not in names:
            stale.append(path)
    return stale

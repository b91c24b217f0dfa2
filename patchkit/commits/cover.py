# SPDX-License-Identifier: GPL-2.0-only
"""The cover letter of a series: what it is for, what is in it, and what is known of it here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from patchkit.commits.diffstat import diffstat
from patchkit.commits.mail import SIGNATURE, Letter, author_parts, headers, subject_prefix


@dataclass(frozen=True, slots=True)
class Cover:
    """What is said of a series as a whole.

    *subject* is its summary, *text* what it is about, *known* what was found out about these very
    commits (test results, a lint summary), "" when nothing is recorded.
    """

    subject: str
    text: str
    known: str = ""


@dataclass(frozen=True, slots=True)
class Footing:
    """What a series stands on and how it is told from others.

    *base* is the commit under it and under its *prerequisites* (patch ids, in order), *change_id*
    stays from version to version; *range_diff* is against the last version. All may be empty.
    """

    base: str = ""
    change_id: str = ""
    prerequisites: tuple[str, ...] = ()
    range_diff: str = ""


def cover_letter(
    cover: Cover, letters: Sequence[Letter], whole: bytes, footing: Footing, version: int,
    cc: Sequence[str],
) -> bytes:  # fmt: skip
    """Return the cover letter as a mail; *whole* is the diff of all patches together."""
    shortlog = "\n".join(
        f"{name} ({len(subjects)}):\n" + "".join(f"  {subject}\n" for subject in subjects)
        for name, subjects in _by_author(letters).items()
    )
    parts = [cover_text(cover, letters, footing), shortlog, diffstat(whole), trailer(footing)]
    text = "\n".join(part for part in parts if part) + SIGNATURE
    subject = f"{subject_prefix(0, len(letters), version)} {cover.subject}"
    head = headers("0" * 40, letters[0].author, subject, text, cc)
    return head + text.encode("utf-8", "surrogateescape")


def cover_text(cover: Cover, letters: Sequence[Letter], footing: Footing) -> str:
    """Return what a person or this tree has to say: the part that no program adds by itself."""
    about = "".join(
        f"{number:>3}. {one.about.splitlines()[0]}\n"
        for number, one in enumerate(letters, 1) if one.about
    )  # fmt: skip
    sections = [cover.text.strip() + "\n", cover.known, about, footing.range_diff]
    return "\n".join(section for section in sections if section)


def trailer(footing: Footing) -> str:
    """Return the lines at the foot, as git format-patch --base and b4 write them."""
    lines = [f"base-commit: {footing.base}\n"] if footing.base else []
    lines += [f"change-id: {footing.change_id}\n"] if footing.change_id else []
    lines += [f"prerequisite-patch-id: {one}\n" for one in footing.prerequisites]
    return "".join(lines)


def _by_author(letters: Sequence[Letter]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in letters:
        found.setdefault(author_parts(one.author)[0], []).append(one.subject)
    return found

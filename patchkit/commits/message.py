# SPDX-License-Identifier: GPL-2.0-only
"""Commit messages: what a template may say, and the sign-off that only the user can ask for.

Form as in Documentation/process/submitting-patches.rst of the kernel: a summary line, a body,
trailers last. A message must also come through ``git am`` unharmed, so nothing in it may look like
the start of a patch, of a mail, or like a header of its own.
"""

from __future__ import annotations

import re
import unicodedata

from patchkit.commits.repo import Identity
from patchkit.errors import TemplateError

SUBJECT_COLUMNS = 75
"""The longest summary line that checkpatch and maintainers take."""

_TRAILER = re.compile(r"^([A-Z][A-Za-z]*(?:-[A-Za-z]+)*): +(\S.*)$")
_PERSON = re.compile(r"^[^<>@]*[^<>\s][^<>@]* <[^<>\s@]+@[^<>\s@]+>(?: # .*| \[.*\])?$")
_IN_BODY_HEADER = re.compile(r"^(From|Date|Subject|In-Reply-To|Message-ID): ", re.IGNORECASE)
_MBOX = re.compile(r"^>*From \S.*:.*\d")
_FORMS = {
    "Link": re.compile(r"^https?://\S+(?: \[[^\]]+\]| # .*)?$"),
    "Closes": re.compile(r"^https?://\S+(?: \[[^\]]+\]| # .*)?$"),
    "Fixes": re.compile(r'^[0-9a-f]{12,40} \(".+"\)$'),
    "Suggested-by": _PERSON,
    "Reported-by": _PERSON,
    "Co-developed-by": _PERSON,
    "Cc": _PERSON,
}
_PERSONAL = ("Signed-off-by", "Reviewed-by", "Acked-by", "Tested-by")
_EXPECTED = {
    "Link": "a URL", "Closes": "a URL", "Fixes": '<12 or more hex digits> ("title")',
}  # fmt: skip


def columns(text: str) -> int:
    """Return how many terminal columns *text* takes."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    marks = sum(unicodedata.combining(character) != 0 for character in text)
    return len(text) + wide - marks


def finish(message: str, signer: Identity | None, where: str) -> bytes:
    """Return the message as it is committed, with the sign-off of *signer* last, if any.

    Trailing white space goes, as ``git commit`` would do. Raises TemplateError, with *where*
    (series and patch), when the message cannot stand.
    """
    lines = [line.rstrip() for line in message.replace("\r\n", "\n").split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    for defect in _defects(lines):
        raise TemplateError(f"{where}: commit message: {defect}")
    text = "\n".join(lines) + "\n"
    if signer is not None:
        text = signed(text, signer)
    return text.encode("utf-8", "surrogateescape")


def signed(message: str, signer: Identity) -> str:
    """Return *message* with the sign-off of *signer* last, unless it is there already."""
    lines = message.rstrip("\n").split("\n")
    own = ("Signed-off-by", signer.person)
    found = trailers(lines)
    if own in found:
        return message
    if not found:
        lines.append("")
    return "\n".join([*lines, f"{own[0]}: {own[1]}"]) + "\n"


def trailers(lines: list[str]) -> list[tuple[str, str]]:
    """Return name and value of the trailers: the last paragraph, if all its lines are some."""
    start = len(lines)
    while start > 0 and lines[start - 1]:
        start -= 1
    found = [_TRAILER.match(line) for line in lines[start:]]
    if start <= 1 or not found:
        return []
    matches = [match for match in found if match is not None]
    return [(match[1], match[2]) for match in matches] if len(matches) == len(found) else []


def _defects(lines: list[str]) -> list[str]:
    if not lines:
        return ["is empty; its first line is the summary"]
    found: list[str] = []
    subject = lines[0]
    if columns(subject) > SUBJECT_COLUMNS:
        found.append(
            f"the summary takes {columns(subject)} columns, at most {SUBJECT_COLUMNS}: {subject!r}"
        )
    if subject.startswith(("[", "-", "#")):
        found.append(f"the summary starts with {subject[0]!r}, which git am or git would take away")
    if len(lines) > 1 and lines[1]:
        found.append("the second line must be empty")
    for number, line in enumerate(lines, 1):
        found += [f"line {number}: {defect}" for defect in _line_defects(line)]
    if len(lines) > 2 and _IN_BODY_HEADER.match(lines[2]):
        found.append(f"line 3: git am would take {lines[2]!r} for a mail header")
    for name, value in trailers(lines):
        found += _trailer_defects(name, value)
    return found


def _line_defects(line: str) -> list[str]:
    for character in line:
        if character != "\t" and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co"):
            return [f"the control character U+{ord(character):04X}"]
    if line in ("---", "-- ") or line.startswith(("diff -", "Index: ", "--- ")):
        return [f"git am would take {line!r} for the end of the message"]
    if _MBOX.match(line):
        return [f"{line!r} would start a new mail in a mailbox"]
    for name in _PERSONAL:
        if line.lower().startswith(f"{name.lower()}:"):
            return [f"{name}: is for people to give, templates must not (apply has --signoff)"]
    return []


def _trailer_defects(name: str, value: str) -> list[str]:
    form = _FORMS.get(name)
    if form is None or form.match(value):
        return []
    return [f"{name}: expected {_EXPECTED.get(name, 'Name <address>')}, found {value!r}"]

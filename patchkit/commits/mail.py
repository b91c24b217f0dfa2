# SPDX-License-Identifier: GPL-2.0-only
"""One patch as a mail that ``git am`` takes, or as a quilt patch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.header import Header
from email.utils import format_datetime

from patchkit import __version__
from patchkit.commits.backport import dep3_fields
from patchkit.commits.diffstat import diffstat

MBOX_DATE = "Mon Sep 17 00:00:00 2001"
"""The date by which file(1) and git know a mailbox that git has made."""

SIGNATURE = f"-- \npatchkit {__version__}\n\n"
MARK = f"patchkit {__version__.split('.')[0]}.".encode("ascii")
"""What each file that is written here contains, so that a later export knows it again."""

_SPECIAL = re.compile(r'[()<>@,;:\\".\[\]]')
_PERSON = re.compile(r"^(.*?) ?<([^<>]*)> (\d+) ([+-]\d{4})$")


@dataclass(frozen=True, slots=True)
class Letter:
    """A patch to be sent: *author* is git's header value, *about* the provenance, "" if unknown.

    *key* is its ``series/id``, "" for a commit of the user's.
    """

    commit: str
    author: str
    message: str
    diff: bytes
    about: str = ""
    key: str = ""

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.split("\n", 1)[0]

    @property
    def body(self) -> str:
        """The message without its first line, ending in a line end unless empty."""
        text = self.message.partition("\n")[2].strip("\n")
        return text + "\n" if text else ""


def mail(
    letter: Letter, number: int, total: int, version: int = 1, after: str = "",
    cc: Sequence[str] = (),
) -> bytes:  # fmt: skip
    """Return the patch as a mail, number *number* of *total*; *after* stands below the diff."""
    prefix = subject_prefix(number, total, version)
    stat = diffstat(letter.diff)
    about = f"\n{letter.about}\n" if letter.about else ""
    subject = f"{prefix} {letter.subject}"
    head = headers(letter.commit, letter.author, subject, letter.body + about, cc)
    after = f"\n{after}" if after else ""
    text = f"{letter.body}---\n{about}{stat}\n"
    if letter.body == "":
        text = f"---\n{about}{stat}\n"
    return head + _bytes(text) + letter.diff + _bytes(after + SIGNATURE)


def quilt_patch(letter: Letter) -> bytes:
    """Return the patch for a quilt series: its message under DEP-3 headers, then the diff."""
    name, address, date = author_parts(letter.author)
    fields = dep3_fields(letter.message, letter.key, author_seconds(letter.author))
    lines = [f"From: {name} <{address}>", f"Date: {date}", f"Subject: {letter.subject}", *fields]
    head = "\n".join(lines) + "\n\n"
    about = f"\n{letter.about or f'Exported by patchkit {__version__}'}\n"
    return _bytes(f"{head}{letter.body}---\n{about}{diffstat(letter.diff)}\n") + letter.diff


def subject_prefix(number: int, total: int, version: int = 1) -> str:
    """Return ``[PATCH 01/12]`` and the like; 0 of some is the cover letter."""
    words = "PATCH" if version == 1 else f"PATCH v{version}"
    if total == 1 and number:
        return f"[{words}]"
    return f"[{words} {number:0{len(str(total))}}/{total}]"


def headers(commit: str, author: str, subject: str, text: str, cc: Sequence[str] = ()) -> bytes:
    """Return a mail's head, up to and with the empty line; *text* decides about MIME."""
    name, address, date = author_parts(author)
    lines = [
        f"From {commit} {MBOX_DATE}",
        f"From: {_phrase(name)} <{address}>",
        f"Date: {date}",
        f"Subject: {_encoded(subject, 'Subject')}",
    ]
    if cc:
        lines.append("Cc: " + ",\n    ".join(_recipient(one) for one in cc))
    if not (text + subject + name).isascii():
        lines += [
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=UTF-8",
            "Content-Transfer-Encoding: 8bit",
        ]
    return _bytes("\n".join(lines) + "\n\n")


def author_parts(author: str) -> tuple[str, str, str]:
    """Return name, address and RFC 5322 date of a commit's author."""
    found = _PERSON.match(author)
    if found is None:
        return author, "", ""
    name, address, seconds, zone = found.groups()
    minutes = (int(zone[1:3]) * 60 + int(zone[3:5])) * (-1 if zone[0] == "-" else 1)
    where = timezone(timedelta(minutes=minutes))
    return name, address, format_datetime(datetime.fromtimestamp(int(seconds), where))


def author_seconds(author: str) -> int:
    """Return the date of a commit's author in seconds since the epoch, 0 when it has none."""
    found = _PERSON.match(author)
    return int(found[3]) if found else 0


def file_name(number: int, subject: str) -> str:
    """Return the name that git format-patch would choose."""
    text = re.sub(r"[^A-Za-z0-9._]+", "-", subject)
    text = re.sub(r"\.{2,}", ".", text).strip("-.")
    return f"{number:04}-{text[:52].rstrip('-.')}.patch"


def _recipient(text: str) -> str:
    """Return ``Name <address>``, quoted as get_maintainer.pl does or not, as a header has it."""
    name, bracket, address = text.rpartition(" <")
    name = name.strip().removeprefix('"').removesuffix('"')
    return f"{_phrase(name)} <{address}" if bracket else text


def _phrase(name: str) -> str:
    if not name.isascii():
        return _encoded(name, "From")
    if _SPECIAL.search(name):
        return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return name


def _encoded(text: str, header: str) -> str:
    if text.isascii():
        return text
    return Header(text, "utf-8", header_name=header).encode(linesep="\n")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")

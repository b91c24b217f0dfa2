# SPDX-License-Identifier: GPL-2.0-only
"""Commit messages: what is refused, what is made of them, and where the sign-off goes."""

from __future__ import annotations

import pytest

from patchkit.commits.message import SUBJECT_COLUMNS, columns, finish
from patchkit.commits.repo import Identity
from patchkit.errors import TemplateError

SIGNER = Identity("Ursula Tester <ursula@example.org>", "1 +0000")
GOOD = (
    "mm: count pinned pages once\n"
    "\n"
    "They were counted twice.  Here is a diff of thoughts:\n"
    "\n"
    "  --- this is quoted, and indented\n"
    "\n"
    'Fixes: 0123456789ab ("mm: count")\n'
    "Suggested-by: Olga Originator <olga@example.org>\n"
    "Link: https://lore.kernel.org/r/20140101000000.1@example.org\n"
)


def test_a_good_message_stays_as_it_is() -> None:
    assert finish(GOOD, None, "x").decode() == GOOD


def test_sign_off_joins_the_trailers() -> None:
    text = finish(GOOD, SIGNER, "x").decode()
    assert text == GOOD + "Signed-off-by: Ursula Tester <ursula@example.org>\n"


@pytest.mark.parametrize(
    "body", ["mm: x\n", "mm: x\n\nBody.\n", "mm: x\n\nNot a trailer: at all\nmore\n"]
)
def test_sign_off_has_a_paragraph_of_its_own_without_trailers(body: str) -> None:
    assert finish(body, SIGNER, "x").decode() == f"{body}\nSigned-off-by: {SIGNER.person}\n"


def test_white_space_at_line_ends_goes() -> None:
    assert finish("\n\nmm: x  \r\n\r\nBody.\t\n\n\n", None, "x") == b"mm: x\n\nBody.\n"


def test_columns_count_what_a_terminal_shows() -> None:
    assert columns("a\u0308b") == 2
    assert columns("内存") == 4
    longest = "mm: " + "x" * (SUBJECT_COLUMNS - 4)
    assert finish(longest + "\n", None, "x")
    with pytest.raises(TemplateError, match="the summary takes 76 columns, at most 75"):
        finish(longest + "x\n", None, "x")


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("mm: x\nno empty line\n", "second line must be empty"),
        ("[PATCH] mm: x\n", "starts with '\\['"),
        ("# mm\n", "starts with '#'"),
        ("mm: x\n\nbody\n---\nlost\n", "end of the message"),
        ("mm: x\n\nbody\ndiff --git a/x b/x\n", "end of the message"),
        ("mm: x\n\nbody\n--- a/mm/x.c\n", "end of the message"),
        ("mm: x\n\nIndex: x\n", "end of the message"),
        ("mm: x\n\nFrom: Somebody Else <x@example.org>\n\nbody\n", "for a mail header"),
        ("mm: x\n\nSubject: other\n\nbody\n", "for a mail header"),
        ("mm: x\n\nbody\nFrom x Mon Sep 17 00:00:00 2001\n", "would start a new mail"),
        ("mm: x\n\nbody \u202e txt\n", "U\\+202E"),
        ("mm: x\n\nbody\x1b[31m\n", "U\\+001B"),
        ("mm: x\0\n", "U\\+0000"),
        ("mm: x\n\nSigned-off-by: A <a@example.org>\n", "for people to give"),
        ("mm: x\n\nreviewed-by: A <a@example.org>\n", "for people to give"),
        ("mm: x\n\nAcked-by: A <a@example.org>\nLink: https://x.org/\n", "for people to give"),
        ("mm: x\n\nLink: not a url\n", "Link: expected a URL"),
        ('mm: x\n\nFixes: 0123 ("mm")\n', "Fixes: expected <12"),
        ("mm: x\n\nFixes: 0123456789ab mm\n", "Fixes: expected <12"),
        ("mm: x\n\nSuggested-by: Olga\n", "Suggested-by: expected Name <address>"),
        ("mm: x\n\nSuggested-by: olga@example.org\n", "Suggested-by: expected Name <address>"),
    ],
)
def test_messages_that_would_not_come_through(message: str, reason: str) -> None:
    with pytest.raises(TemplateError, match=reason) as caught:
        finish(message, SIGNER, "vm-pinned/0001-x")
    assert caught.value.message.startswith("vm-pinned/0001-x: commit message: ")

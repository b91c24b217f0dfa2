# SPDX-License-Identifier: GPL-2.0-only
"""The ``#if`` conditions that a place in a file stands under, as readable text."""

from __future__ import annotations

import re

_DEFINED = re.compile(r"\bdefined\s*(?:\(\s*(\w+)\s*\)|(\w+))")
_SIMPLE = re.compile(r"!?\w+(\([^()]*\))?\Z")


def opening(keyword: str, rest: str) -> str:
    """Return the condition that ``#if``, ``#ifdef`` or ``#ifndef`` with this text states.

    ``#ifdef X`` and ``#if defined(X)`` both give ``X``, ``#ifndef X`` gives ``!X``.
    """
    if keyword == "ifdef":
        return rest.split(" ", 1)[0]
    if keyword == "ifndef":
        return "!" + rest.split(" ", 1)[0]
    return readable(rest)


def readable(expression: str) -> str:
    """Return an ``#if`` expression without ``defined`` and with single blanks."""
    text = _DEFINED.sub(lambda found: found[1] or found[2], expression)
    text = " ".join(text.split())
    while text.startswith("(") and _closing(text) == len(text) - 1:
        text = text[1:-1].strip()
    text = re.sub(r"!\s+", "!", text)
    # Parentheses around a lone name say nothing, unless they hold a call's arguments.
    return re.sub(r"(?<!\w)\(\s*(!?\w+)\s*\)", r"\1", text)


def _closing(text: str) -> int:
    """Return where the parenthesis that *text* begins with is closed, -1 if nowhere."""
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return position
    return -1


def negated(condition: str) -> str:
    """Return the condition of the ``#else`` that belongs to *condition*."""
    if not _SIMPLE.match(condition):
        return f"!({condition})"
    return condition[1:] if condition.startswith("!") else f"!{condition}"


DEEPEST = 200
"""Of conditions nested deeper only the innermost are told; real files stay below twenty."""

LONGEST = 2000
"""Characters of a chain of ``#elif`` that are told, lest a hostile file grow it without end."""


class Conditions:
    """The stack while directives go by, innermost last; tolerates unbalanced ones.

    An include guard (an ``#ifndef`` whose name the very next directive defines) is no condition.
    """

    def __init__(self) -> None:
        self._stack: list[tuple[str, str]] = []  # (seen so far negated, now)
        self._guard = ""
        self._first = True

    def take(self, text: str) -> str:
        """Note a directive's normalised text; return its keyword (``if``, ``else``, …)."""
        keyword, _, rest = text[1:].strip().partition(" ")
        found = re.match(r"\w*", keyword)
        word = found[0] if found else ""
        rest = keyword[len(word) :] + (" " + rest if rest else "")
        rest = rest.strip()
        if word in ("if", "ifdef", "ifndef"):
            condition = opening(word, rest)
            self._guard = rest if self._first and word == "ifndef" else ""
            self._stack.append((negated(condition), condition))
        elif word in ("elif", "elifdef", "elifndef") and self._stack:
            condition = opening(word[2:], rest)
            before = self._stack[-1][0][:LONGEST]
            self._stack[-1] = (f"{before} && {negated(condition)}", f"{before} && {condition}")
        elif word == "else" and self._stack:
            before = self._stack[-1][0]
            self._stack[-1] = (before, before)
        elif word == "endif" and self._stack:
            self._stack.pop()
        elif word == "define" and self._guard and rest.split("(", 1)[0].strip() == self._guard:
            self._stack[-1] = ("", "")
        if (word != "define" and word not in ("if", "ifdef", "ifndef")) or word == "define":
            self._guard = ""
        self._first = False
        return word

    def now(self) -> tuple[str, ...]:
        """Return the conditions that hold here, outermost first."""
        return tuple(condition for _, condition in self._stack[-DEEPEST:] if condition)

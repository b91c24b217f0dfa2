# SPDX-License-Identifier: GPL-2.0-only
"""Findings that somebody has looked at and allows, each with a reason.

In the C source::

    /* patchkit-lint: allow RULE: reason */

on the line of the finding, on the line before, or before a function for all of it. For trees that
one cannot edit, the same in ``.patchkit-lint.toml`` at the tree's top or in a file of one's own::

    [[allow]]
    rule = "RULE"
    file = "mm/mlock.c"
    function = "do_mlock"
    reason = "why this is right"
    fingerprint = "…"      # optional: this finding only
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import msgspec

from patchkit.errors import UserError
from patchkit.lint.model import Finding

if TYPE_CHECKING:
    from patchkit.tree.csource import CSource

MARK = b"patchkit-lint:"
"""The text that is searched for in a tree."""
FILE = ".patchkit-lint.toml"
SYNTAX = "/* patchkit-lint: allow RULE: reason */"

_DIRECTIVE = re.compile(r"patchkit-lint:\s*(?P<verb>[^\s:]*)\s*(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Allowance:
    """One suppression. *where* is where it is written, as ``file:line`` or ``file (entry 2)``.

    *lines* is the inclusive range of lines that it covers, None for all; *function* is empty for
    any, *fingerprint* as well.
    """

    rule: str
    file: str
    reason: str
    where: str
    function: str = ""
    fingerprint: str = ""
    lines: tuple[int, int] | None = None

    def allows(self, finding: Finding) -> bool:
        """Tell whether a finding is one that this allows."""
        return (
            self.rule == finding.rule
            and self.file == finding.file
            and self.function in ("", finding.function)
            and self.fingerprint in ("", finding.fingerprint)
            and (self.lines is None or self.lines[0] <= finding.line <= self.lines[1])
        )


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that is allowed, with the reason and where that is written."""

    finding: Finding
    reason: str
    where: str


@dataclass(frozen=True, slots=True)
class Sorted:
    """What is left of the findings, what is allowed, and what allows nothing."""

    left: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]
    unused: tuple[Allowance, ...] = field(default=())


def apply(findings: Iterable[Finding], allowances: Sequence[Allowance]) -> Sorted:
    """Take the allowed findings out."""
    used: set[int] = set()
    left: list[Finding] = []
    suppressed: list[Suppressed] = []
    for finding in findings:
        matching = [i for i, allowance in enumerate(allowances) if allowance.allows(finding)]
        if not matching:
            left.append(finding)
            continue
        used.update(matching)
        chosen = allowances[matching[0]]
        suppressed.append(Suppressed(finding, chosen.reason, chosen.where))
    unused = tuple(item for i, item in enumerate(allowances) if i not in used)
    return Sorted(tuple(left), tuple(suppressed), unused)


# -- comments --------------------------------------------------------------------------------


def from_source(path: str, data: bytes, rules: Collection[str]) -> tuple[Allowance, ...]:
    """Return what the comments of a C file allow; UserError for one that is not complete."""
    from patchkit.tree.csource import parse

    source = parse(data)
    allowances: list[Allowance] = []
    for position, token in enumerate(source.tokens):
        if token.kind == "comment" and MARK in token.text:
            text = _words(token.text)
            for number, directive in _directives(text, token.line):
                rule, reason = _check(directive, f"{path}:{number}", rules)
                lines = _range(source, position)
                allowances.append(Allowance(rule, path, reason, f"{path}:{number}", lines=lines))
    return tuple(allowances)


def _words(comment: bytes) -> str:
    text = comment.decode("utf-8", "backslashreplace")
    return text.removeprefix("//") if text.startswith("//") else text[2:].removesuffix("*/")


def _directives(text: str, line: int) -> Iterator[tuple[int, str]]:
    """Yield each directive of a comment with its line; it goes on until the next one."""
    starts = [found.start() for found in re.finditer("patchkit-lint:", text)]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        lines = (part.strip().removeprefix("*").strip() for part in text[start:end].splitlines())
        yield line + text.count("\n", 0, start), " ".join(part for part in lines if part)


def _check(directive: str, where: str, rules: Collection[str]) -> tuple[str, str]:
    found = _DIRECTIVE.fullmatch(directive)
    verb, rest = (found["verb"], found["rest"]) if found else ("", "")
    if verb != "allow":
        raise UserError(
            f"{where}: expected 'patchkit-lint: allow', found {directive!r}", hint=f"write {SYNTAX}"
        )
    rule, _, reason = (part.strip() for part in rest.partition(":"))
    _check_rule(rule, where, rules)
    if not reason:
        raise UserError(
            f"{where}: 'allow {rule}' gives no reason",
            hint=f"write why this is right: /* patchkit-lint: allow {rule}: reason */",
        )
    return rule, reason


def _check_rule(rule: str, where: str, rules: Collection[str]) -> None:
    if rule not in rules:
        import difflib

        near = difflib.get_close_matches(rule, list(rules), 1)
        guess = f" (did you mean {near[0]}?)" if near else ""
        raise UserError(
            f"{where}: there is no rule {rule!r}{guess}", hint="patchkit explain lists the rules"
        )


def _range(source: CSource, position: int) -> tuple[int, int]:
    """Return the first and the last line that a comment covers."""
    token = source.tokens[position]
    following = next(
        (item for item in source.tokens[position + 1 :] if item.kind != "comment"), None
    )
    last = source.line_of(token.end - 1)
    if following is not None and _alone(source, position):
        for extent in source.entities():
            if extent.kind in ("function", "syscall") and extent.start == following.start:
                return extent.line, source.line_of(extent.end - 1)
        last = max(last, following.line)
    return token.line, last


def _alone(source: CSource, position: int) -> bool:
    """Tell whether nothing but white space stands before a comment on its line."""
    token = source.tokens[position]
    before = source.data[source.line_start(token.line) : token.start]
    return not before.strip()


# -- files -----------------------------------------------------------------------------------


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rule: str
    file: Annotated[str, msgspec.Meta(min_length=1)]
    reason: str = ""
    function: str = ""
    fingerprint: str = ""


class _Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    allow: tuple[_Entry, ...] = ()


def from_file(name: str, data: bytes, rules: Collection[str]) -> tuple[Allowance, ...]:
    """Return what a suppressions file allows; UserError for what is wrong in it.

    *name* is the file as the user knows it, for messages.
    """
    import tomllib

    try:
        content = msgspec.convert(tomllib.loads(data.decode("utf-8")), type=_Content)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise UserError(
            f"{name}: {error}",
            hint="each [[allow]] has rule, file, reason, and may have function and fingerprint",
        ) from None
    allowances = []
    for entry, line in zip(content.allow, _lines_of_entries(data), strict=False):
        where = f"{name}:{line}"
        _check_rule(entry.rule, where, rules)
        if not entry.reason.strip():
            raise UserError(
                f"{where}: this [[allow]] of {entry.rule} in {entry.file} gives no reason",
                hint='add reason = "why this is right"',
            )
        allowances.append(
            Allowance(
                entry.rule, entry.file, entry.reason.strip(), where, entry.function,
                entry.fingerprint,
            )
        )  # fmt: skip
    return tuple(allowances)


def _lines_of_entries(data: bytes) -> Iterator[int]:
    """Yield the line of each ``[[allow]]``; an inline array has all its entries on one."""
    starts = [found.start() for found in re.finditer(rb"(?m)^[ \t]*\[\[\s*allow\s*\]\]", data)]
    newlines = [found.start() for found in re.finditer(b"\n", data)]
    for start in starts:
        yield bisect_right(newlines, start) + 1
    while True:
        yield 1

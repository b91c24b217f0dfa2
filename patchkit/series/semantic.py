# SPDX-License-Identifier: GPL-2.0-only
"""Parse what a template rendered to: a commit message and a semantic diff.

The notation is described in docs/semantic-patches.md. Every error names the line of the template
that the rendered line came from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn

from patchkit.errors import TemplateError

Mark = Literal[" ", "-", "+"]
Action = Literal["edit", "create", "delete"]
Position = Literal["in", "after", "before"]

ENTITY_KINDS = (
    "function", "syscall", "struct", "union", "enum", "macro", "variable", "declaration", "typedef",
)  # fmt: skip
"""What a hunk header can name besides the kinds below."""
TEXT_KINDS = ("table", "text")
"""Hunks that are matched by line instead of by token."""
BARE_KINDS = ("file", "include", *TEXT_KINDS)
"""Hunk kinds that take no name."""

HEADERS = (
    "@@ KIND NAME [if CONDITION] @@, @@ after|before KIND NAME [if CONDITION] @@, @@ file @@, "
    '@@ include @@, @@ table @@, @@ text @@ or @@ new [100755] "FILE.j2" @@'
)

_HEADER = re.compile(r"@@ (?P<inside>.*\S) @@\s*\Z")
_NEW = re.compile(r'new(?:\s+(?P<mode>[0-7]+))?(?:\s+"(?P<file>[^"]+)")?\Z')
_ENTITY = re.compile(
    r"(?:(?P<position>after|before)\s+)?(?P<kind>\w+)\s+(?P<name>[\w$]+)"
    r"(?:\s+if\s+(?P<condition>.+))?\Z"
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a rendered line comes from: a template's file name and a line, from 1."""

    template: str
    line: int

    def __str__(self) -> str:
        return f"{self.template}:{self.line}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a hunk without its mark and without its newline."""

    mark: Mark
    text: bytes
    origin: Origin


@dataclass(frozen=True, slots=True)
class Hunk:
    """One hunk: what its header says and its lines.

    *position* is ``in`` unless text goes ``after`` or ``before`` the entity. *source* and *mode*
    belong to ``@@ new "FILE" @@``.
    """

    kind: str
    name: str
    condition: str
    position: Position
    lines: tuple[Line, ...]
    origin: Origin
    header: str
    source: str = ""
    mode: int = 0o100644


@dataclass(frozen=True, slots=True)
class FileEdit:
    """What is done to one file."""

    path: str
    action: Action
    hunks: tuple[Hunk, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class SemanticPatch:
    """A rendered template. *message* is the whole commit message, *subject* its first line."""

    subject: str
    message: str
    files: tuple[FileEdit, ...]


def parse(text: str, template: str, origins: Sequence[Origin] | None = None) -> SemanticPatch:
    """Parse a rendered template; TemplateError when it is not what the notation allows.

    *template* names the template in errors; *origins* gives for each rendered line where it comes
    from, and defaults to the rendered lines themselves.
    """
    lines = text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    if origins is None:
        origins = [Origin(template, number) for number in range(1, len(lines) + 1)]
    return _Parser(lines, origins, template).parse()


class _Parser:
    """One pass over the rendered lines."""

    def __init__(self, lines: Sequence[str], origins: Sequence[Origin], template: str) -> None:
        self.lines = lines
        self.origins = origins
        self.template = template
        self.at = 0

    def fail(self, message: str, at: int | None = None) -> NoReturn:
        at = self.at if at is None else at
        where = self.origins[at] if at < len(self.origins) else Origin(self.template, 0)
        raise TemplateError(f"{where}: {message}", hint="docs/semantic-patches.md")

    def parse(self) -> SemanticPatch:
        try:
            end = self.lines.index("---")
        except ValueError:
            self.fail("expected a line '---' between the commit message and the diff, found none")
        message = "\n".join(line.rstrip() for line in self.lines[:end]).strip("\n")
        subject = message.partition("\n")[0]
        if not subject.strip():
            self.fail("expected a commit message before '---', found none", 0)
        if "\n" in message and message.split("\n")[1].strip():
            self.fail("expected an empty line after the subject", 1)
        self.at = end + 1
        files: list[FileEdit] = []
        while self._skip_blank():
            files.append(self._file())
        if not files:
            self.fail("expected a diff after '---', found none", end)
        seen: dict[str, FileEdit] = {}
        for file in files:
            if (other := seen.setdefault(file.path, file)) is not file:
                raise TemplateError(
                    f"{file.origin}: {file.path} appears a second time (first at {other.origin}); "
                    "put all its hunks under one header"
                )
        return SemanticPatch(subject, message, tuple(files))

    def _skip_blank(self) -> bool:
        while self.at < len(self.lines) and not self.lines[self.at].strip():
            self.at += 1
        return self.at < len(self.lines)

    def _file(self) -> FileEdit:
        start = self.at
        line = self.lines[start]
        if not line.startswith("--- "):
            self.fail(f"expected '--- PATH', found {line!r}")
        old = line[4:].strip()
        self.at += 1
        new = old
        if self.at < len(self.lines) and self.lines[self.at].startswith("+++ "):
            new = self.lines[self.at][4:].strip()
            self.at += 1
        action: Action = "edit"
        if old == "/dev/null" and new == "/dev/null":
            self.fail("both sides are /dev/null", start)
        if old == "/dev/null":
            action = "create"
        elif new == "/dev/null":
            action = "delete"
        elif old != new:
            self.fail(f"a file cannot be renamed ({old} to {new}); delete one, create one", start)
        path = new if action == "create" else old
        hunks: list[Hunk] = []
        if action == "create" and self.at < len(self.lines) and self.lines[self.at][:1] == "+":
            hunks.append(self._hunk_lines("new", self.origins[start], "new", self._new("new")))
        while self._skip_blank() and self.lines[self.at].startswith("@@"):
            hunks.append(self._hunk())
        if action != "delete" and not hunks:
            self.fail(f"{path}: expected a hunk, '@@ … @@', found none", start)
        if action == "delete" and hunks:
            self.fail(f"{path}: a deletion has no hunks", start)
        if action == "create" and (len(hunks) != 1 or hunks[0].kind != "new"):
            self.fail(f'{path}: a new file has + lines or one @@ new "FILE.j2" @@', start)
        if action == "edit" and any(hunk.kind == "new" for hunk in hunks):
            self.fail(f"{path}: @@ new @@ is for new files; start with '--- /dev/null'", start)
        return FileEdit(path, action, tuple(hunks), self.origins[start])

    def _hunk(self) -> Hunk:
        line = self.lines[self.at]
        found = _HEADER.match(line)
        if found is None:
            self.fail(f"expected {HEADERS}, found {line!r}")
        inside = " ".join(found["inside"].split())
        shape = self._new(inside) or self._named(inside)
        if shape is None:
            self.fail(f"expected {HEADERS}, found {line!r}")
        origin = self.origins[self.at]
        self.at += 1
        return self._hunk_lines(inside, origin, line, shape)

    def _new(self, inside: str) -> Hunk | None:
        found = _NEW.match(inside)
        if found is None:
            return None
        mode = found["mode"] or "100644"
        if mode not in ("100644", "100755"):
            self.fail(f"expected mode 100644 or 100755, found {mode}")
        empty = Origin(self.template, 0)
        return Hunk("new", "", "", "in", (), empty, "", found["file"] or "", int(mode, 8))

    def _named(self, inside: str) -> Hunk | None:
        empty = Origin(self.template, 0)
        if inside in BARE_KINDS:
            return Hunk(inside, "", "", "in", (), empty, "")
        found = _ENTITY.match(inside)
        if found is None:
            return None
        if found["kind"] not in ENTITY_KINDS:
            self.fail(f"{found['kind']!r} is no kind of entity; known: {', '.join(ENTITY_KINDS)}")
        position: Position = "in"
        if found["position"] == "after":
            position = "after"
        elif found["position"] == "before":
            position = "before"
        condition = (found["condition"] or "").strip()
        return Hunk(found["kind"], found["name"], condition, position, (), empty, "")

    def _header_at(self, at: int) -> bool:
        """Tell whether the line begins another hunk or file (and is no ``-`` line)."""
        line = self.lines[at]
        if line.startswith("@@"):
            return True
        if not line.startswith("--- "):
            return False
        after = at + 1
        while after < len(self.lines) and not self.lines[after].strip():
            after += 1
        return after < len(self.lines) and self.lines[after].startswith(("@@ ", "+++ "))

    def _hunk_lines(self, inside: str, origin: Origin, header: str, shape: Hunk | None) -> Hunk:
        assert shape is not None
        lines: list[Line] = []
        while self.at < len(self.lines) and not self._header_at(self.at):
            text = self.lines[self.at]
            if text[:1] not in ("", " ", "-", "+", "\t"):
                self.fail(f"expected a line that begins with ' ', '-' or '+', found {text!r}")
            if text[:1] == "\t":
                self.fail("a context line begins with a blank before its indentation")
            mark: Mark = "-" if text[:1] == "-" else "+" if text[:1] == "+" else " "
            lines.append(Line(mark, text[1:].encode(), self.origins[self.at]))
            self.at += 1
        while lines and lines[-1].mark == " " and not lines[-1].text.strip():
            lines.pop()
        hunk = Hunk(
            shape.kind, shape.name, shape.condition, shape.position, tuple(lines), origin,
            header if header.startswith("@@") else f"@@ {inside} @@", shape.source, shape.mode,
        )  # fmt: skip
        self._check(hunk)
        return hunk

    def _check(self, hunk: Hunk) -> None:
        """Refuse what has no meaning."""
        marks = {line.mark for line in hunk.lines if line.mark != " " or line.text.strip()}
        where = f"{hunk.origin}: {hunk.header}"
        if hunk.kind == "new":
            if hunk.source and hunk.lines:
                raise TemplateError(f"{where}: has a template and lines; one of them is enough")
            if marks - {"+"} or not (hunk.source or hunk.lines):
                raise TemplateError(f"{where}: expected + lines only")
            return
        if not marks & {"+", "-"}:
            raise TemplateError(f"{where}: changes nothing: no line begins with '+' or '-'")
        if hunk.position != "in" and marks != {"+"}:
            raise TemplateError(f"{where}: takes + lines only; context belongs into @@ file @@")

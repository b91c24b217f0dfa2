# SPDX-License-Identifier: GPL-2.0-only
"""Find a sequence of C tokens in a range of tokens, whatever the layout and the comments.

In a pattern ``...`` skips any balanced sequence of tokens (none too), and ``$name`` stands for
one identifier, number or string, the same wherever the name comes again; ``$_`` for any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from patchkit.tree.tokens import Token, tokenize

_OPEN = (b"(", b"[", b"{")
_CLOSE = (b")", b"]", b"}")
_ANY = (b"$_",)


@dataclass(frozen=True, slots=True)
class Match:
    """Where a pattern was found: its first and last token, and what each ``$name`` stood for."""

    first: Token
    last: Token
    captures: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern: runs of adjacent tokens with ``...`` between them."""

    text: str
    runs: tuple[tuple[Token, ...], ...]
    directives: bool

    def search(self, tokens: Sequence[Token]) -> Match | None:
        """Return the first match in *tokens*, None if there is none.

        Comments never count. Directives count only if the pattern has one; otherwise the text of
        each ``#define`` is searched on its own after the tokens outside.
        """
        code = [token for token in tokens if token.kind != "comment"]
        if self.directives:
            return self._search(code)
        found = self._search([token for token in code if token.kind != "directive"])
        if found is not None:
            return found
        for token in code:
            if token.kind == "directive" and token.text.startswith(b"#define"):
                inside = self._search(tokenize(token.text[len(b"#define") :]))
                if inside is not None:
                    return Match(token, token, inside.captures)
        return None

    def _search(self, code: Sequence[Token]) -> Match | None:
        if not self.runs:
            return None
        opening = self.runs[0][0]
        wanted = None if opening.text.startswith(b"$") else opening.text
        for start, token in enumerate(code):
            if wanted is not None and token.text != wanted:
                continue
            captures: dict[str, str] = {}
            if not _run_at(self.runs[0], code, start, captures):
                continue
            last = self._rest(code, start + len(self.runs[0]), captures)
            if last is not None:
                return Match(token, code[last[0] - 1], last[1])
        return None

    def _rest(
        self, code: Sequence[Token], position: int, captures: dict[str, str]
    ) -> tuple[int, dict[str, str]] | None:
        """Match the runs after the first; return the position past the end, and the captures."""
        pending = [(1, position, captures)]
        failed: set[tuple[int, int, tuple[tuple[str, str], ...]]] = set()
        while pending:
            number, here, known = pending.pop()
            if number == len(self.runs):
                return here, known
            key = (number, here, tuple(sorted(known.items())))
            if key in failed:
                continue
            failed.add(key)
            later: list[tuple[int, int, dict[str, str]]] = []
            depth = 0
            while here < len(code):
                if depth == 0:
                    tried = dict(known)
                    if _run_at(self.runs[number], code, here, tried):
                        later.append((number + 1, here + len(self.runs[number]), tried))
                text = code[here].text if code[here].kind == "punct" else b""
                depth += (text in _OPEN) - (text in _CLOSE)
                if depth < 0:
                    break
                here += 1
            pending.extend(reversed(later))
        return None


def _run_at(
    run: Sequence[Token], code: Sequence[Token], start: int, captures: dict[str, str]
) -> bool:
    """Tell whether a run stands at *start*; adds to *captures* what its ``$names`` stand for."""
    if start + len(run) > len(code):
        return False
    for offset, wanted in enumerate(run):
        token = code[start + offset]
        if wanted.text.startswith(b"$"):
            if token.kind not in ("ident", "number", "string", "char"):
                return False
            if wanted.text in _ANY:
                continue
            name = wanted.text[1:].decode("utf-8", "backslashreplace")
            text = token.text.decode("utf-8", "backslashreplace")
            if captures.setdefault(name, text) != text:
                return False
        elif token.text != wanted.text or token.kind != wanted.kind:
            return False
    return True


def compile_pattern(text: str) -> Pattern:
    """Compile a pattern; ValueError when nothing but ``...`` is in it."""
    runs: list[list[Token]] = [[]]
    for token in tokenize(text.encode("utf-8")):
        if token.kind == "comment":
            continue
        if token.text == b"...":
            runs.append([])
        else:
            runs[-1].append(token)
    kept = tuple(tuple(run) for run in runs if run)
    if not kept:
        raise ValueError("no tokens in it")
    directives = any(token.kind == "directive" for run in kept for token in run)
    return Pattern(text, kept, directives)

# SPDX-License-Identifier: GPL-2.0-only
"""What the tokens of one top-level declaration declare: kind and name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from patchkit.tree.tokens import Token
from patchkit.tree.vocabulary import (
    ANNOTATIONS,
    ANNOTATIONS_WITH_ARGUMENTS,
    KEYWORDS,
    NAMED_BY_ARGUMENT,
    SYSTEM_CALL,
    TYPEOF,
    is_macro_name,
)

_OPEN = {b"(": b")", b"[": b"]"}
_AGGREGATES = (b"struct", b"union", b"enum")
BRACES = "braces"
"""Kind of the token that stands for a whole ``{ … }`` in a declaration."""


@dataclass(frozen=True, slots=True)
class Part:
    """A token outside all parentheses, or a whole group: its opening token and what is inside."""

    token: Token
    inside: tuple[Token, ...] | None

    @property
    def word(self) -> bytes:
        """The identifier, b"" for anything else."""
        return self.token.text if self.token.kind == "ident" else b""

    def opens(self, text: bytes) -> bool:
        """Tell whether this is a group that begins with *text*."""
        return self.inside is not None and self.token.text == text


def parts_of(tokens: Sequence[Token]) -> list[Part]:
    """Group a declaration's tokens by their outermost parentheses and brackets."""
    parts: list[Part] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        position += 1
        if token.kind != "punct" or token.text not in _OPEN:
            parts.append(Part(token, None))
            continue
        first, depth = position, 1
        while position < len(tokens):
            text = tokens[position].text if tokens[position].kind == "punct" else b""
            depth += (text in (b"(", b"[")) - (text in (b")", b"]"))
            position += 1
            if depth == 0:
                break
        last = position - 1 if depth == 0 else position
        parts.append(Part(token, tuple(tokens[first:last])))
    return parts


def without_annotations(parts: Sequence[Part]) -> list[Part]:
    """Drop ``__init``, ``__printf(1, 2)``, whatever follows the parameters, and the like."""
    kept: list[Part] = []
    position = 0
    while position < len(parts):
        part = parts[position]
        following = parts[position + 1] if position + 1 < len(parts) else None
        has_arguments = following is not None and following.opens(b"(")
        if part.word in ANNOTATIONS_WITH_ARGUMENTS and has_arguments:
            position += 2
        elif part.word in ANNOTATIONS or part.word in ANNOTATIONS_WITH_ARGUMENTS:
            position += 1
        elif kept and kept[-1].opens(b"(") and part.word.startswith(b"__"):
            position += 2 if has_arguments else 1
        elif part.word in TYPEOF and has_arguments:
            kept.append(part)
            position += 2
        else:
            kept.append(part)
            position += 1
    return kept


def _text(token: Token) -> str:
    return token.text.decode("utf-8", "backslashreplace")


def _first_word(tokens: Sequence[Token]) -> Token | None:
    """Return the identifier that a macro's first argument is, None if it is something else."""
    if tokens and tokens[0].kind in ("ident", "number"):
        return tokens[0]
    return None


def head_of_body(tokens: Sequence[Token]) -> tuple[str, Token] | None:
    """Return kind and name of what a ``{`` after these tokens begins; None if nothing known.

    Kinds: function, syscall, struct, union, enum, variable. The name of an unnamed struct is the
    keyword itself.
    """
    parts = without_annotations(parts_of(tokens))
    if any(part.token.text == b"=" for part in parts):
        return ("variable", name) if (name := _declared(parts)) is not None else None
    if not parts:
        return None
    if not parts[-1].opens(b"("):
        for position, part in enumerate(parts):
            if part.word in _AGGREGATES:
                name = part.token
                if position + 1 < len(parts) and parts[position + 1].word:
                    name = parts[position + 1].token
                return part.word.decode(), name
        return None
    return _function(parts)


def _function(parts: Sequence[Part]) -> tuple[str, Token] | None:
    """Return kind and name of a function whose head *parts* are."""
    for position in range(1, len(parts)):
        group, before = parts[position], parts[position - 1]
        if not group.opens(b"("):
            continue
        inside = group.inside or ()
        if before.word and before.word not in KEYWORDS:
            if SYSTEM_CALL.match(before.word):
                first = _first_word(inside)
                return None if first is None else ("syscall", first)
            alone = all(part.word in (b"static", b"inline") for part in parts[: position - 1])
            named = NAMED_BY_ARGUMENT.match(before.word) or is_macro_name(before.word)
            first = _first_word(inside)
            if alone and named and first is not None:
                return "function", first
            return "function", before.token
        # A function that returns a pointer to one: void (*name(int))(void)
        for inner, token in enumerate(inside[:-1]):
            if token.kind == "ident" and inside[inner + 1].text == b"(":
                return "function", token
    return None


def _declared(parts: Sequence[Part]) -> Token | None:
    """Return the name that a declarator before ``=``, ``[``, ``:`` or the end declares."""
    name: Token | None = None
    for position, part in enumerate(parts):
        if part.token.text in (b"=", b","):
            break
        if part.word and part.word not in KEYWORDS:
            name = part.token
        elif part.opens(b"("):
            inside = part.inside or ()
            before = parts[position - 1].word if position else b""
            words = [token for token in inside if token.kind == "ident"]
            if inside and inside[0].text in (b"*", b"(") and words:
                return words[0]
            if is_macro_name(before) and words:
                # DEFINE_PER_CPU(type, name), DEFINE_MUTEX(name)
                return words[-1] if before.startswith((b"DEFINE_PER", b"DECLARE_PER")) else words[0]
            return name
    return name


def statement(tokens: Sequence[Token]) -> list[tuple[str, str]]:
    """Return kind and name of what a declaration that ends in ``;`` declares.

    Kinds: typedef, variable, declaration, invocation (a macro used at file scope; its name is
    ``MACRO(first argument)``). The tokens may contain BRACES tokens, each of which stands for a
    body that was seen before.
    """
    parts = without_annotations(parts_of(tokens))
    if not parts:
        return []
    words = [part.word for part in parts]
    if words[0] == b"typedef":
        for part in parts:
            if part.opens(b"(") and part.inside and part.inside[0].text == b"*":
                named = [token for token in part.inside if token.kind == "ident"]
                return [("typedef", _text(named[0]))] if named else []
        names = [part for part in parts if part.word and part.word not in KEYWORDS]
        return [("typedef", _text(names[-1].token))] if names else []
    if len(parts) >= 2 and words[0] and words[0] not in KEYWORDS and parts[1].opens(b"("):
        inside = parts[1].inside or ()
        if not (inside and inside[0].text == b"*") and not _has(parts, b"="):
            comma = next((n for n, t in enumerate(inside) if t.text == b","), len(inside))
            argument = "".join(_text(token) for token in inside[:comma])
            return [("invocation", f"{_text(parts[0].token)}({argument})")]
    if parts[-1].token.kind == BRACES and not _has(parts, b"="):
        return []
    if len(parts) == 2 and words[0] in _AGGREGATES and words[1]:
        return [("declaration", _text(parts[1].token))]
    if not _has(parts, b"=") and not _has(parts, BRACES.encode()) and parts[-1].opens(b"("):
        found = _function(parts)
        if found is not None and not (
            len(parts) == 3 and words[0] == b"static" and is_macro_name(words[1])
        ):
            return [("declaration", _text(found[1]))]
    kind = "declaration" if b"extern" in words else "variable"
    result: list[tuple[str, str]] = []
    for declarator in _declarators(parts):
        name = _declared(declarator)
        if name is not None:
            result.append((kind, _text(name)))
    return result


def _has(parts: Sequence[Part], text: bytes) -> bool:
    return any(part.token.text == text for part in parts)


def _declarators(parts: Sequence[Part]) -> list[list[Part]]:
    """Split ``int a = 1, b[2]`` at its commas; only the first keeps the type."""
    result: list[list[Part]] = [[]]
    for part in parts:
        if part.token.text == b",":
            result.append([])
        else:
            result[-1].append(part)
    return result

# SPDX-License-Identifier: GPL-2.0-only
"""Macros that a file defines for itself, and their expansion as text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from patchkit.tree.tokens import tokenize

_DEFINE = re.compile(
    rb"^[ \t]*\#[ \t]*define[ \t]+(?P<name>[A-Za-z_]\w*)"
    rb"(?:\((?P<parameters>[^()]*)\))?"
    rb"(?P<body>(?:[^\\\n]|\\.)*+)",
    re.MULTILINE | re.DOTALL,
)
_CONTINUED = re.compile(rb"\\[ \t]*\r?\n")
LONGEST = 20_000
"""Bytes of an expansion; a longer one is not looked into."""
_IS_TEXT = ("string", "char")


@dataclass(frozen=True, slots=True)
class Macro:
    """``#define name(parameters) body``; *parameters* is None for an object-like one."""

    name: str
    parameters: tuple[str, ...] | None
    body: bytes

    @property
    def variadic(self) -> str:
        """The name under which the last parameter takes all further arguments, or empty."""
        last = self.parameters[-1] if self.parameters else ""
        if not last.endswith("..."):
            return ""
        return last[:-3].strip() or "__VA_ARGS__"


def macros_of(data: bytes) -> dict[str, Macro]:
    """Return the macros that a text defines; of several definitions the longest.

    Where a name is defined in two branches of an ``#if``, the shorter is mostly the empty one.
    """
    found: dict[str, Macro] = {}
    for match in _DEFINE.finditer(data):
        macro = macro_of(match)
        known = found.get(macro.name)
        if known is None or len(known.body) < len(macro.body):
            found[macro.name] = macro
    return found


def macro_of(match: re.Match[bytes]) -> Macro:
    """Return the macro that a match of the pattern for ``#define`` shows."""
    parameters: tuple[str, ...] | None = None
    if match["parameters"] is not None:
        words = match["parameters"].decode("utf-8", "backslashreplace").replace("\\", " ")
        parameters = tuple(word.strip() for word in words.split(",") if word.strip())
    body = _CONTINUED.sub(b" ", match["body"])
    kept = (token for token in tokenize(body) if token.kind != "comment")
    text = b" ".join(token.text for token in kept)
    return Macro(match["name"].decode("ascii"), parameters, text)


def expand(macro: Macro, arguments: Sequence[bytes]) -> bytes | None:
    """Return the body with the arguments put in; None when it cannot be done.

    ``#x`` becomes a string, ``a##b`` one word.
    """
    parameters = macro.parameters or ()
    values = _values(macro, parameters, arguments)
    if values is None:
        return None
    tokens = tokenize(macro.body)
    pieces: list[bytes] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        following = tokens[position + 1] if position + 1 < len(tokens) else None
        if token.text == b"#" and following is not None and following.text in values:
            pieces.append(b'"' + values[following.text].replace(b'"', b"'") + b'"')
            position += 2
            continue
        if token.text == b"##":
            left = pieces.pop() if pieces else b""
            right = values.get(following.text, following.text) if following is not None else b""
            pieces.append(left.strip() + right.strip())
            position += 2
            continue
        is_word = token.kind not in _IS_TEXT
        pieces.append(values.get(token.text, token.text) if is_word else token.text)
        position += 1
    text = b" ".join(pieces)
    return text if len(text) <= LONGEST else None


def _values(
    macro: Macro, parameters: Sequence[str], arguments: Sequence[bytes]
) -> Mapping[bytes, bytes] | None:
    rest = macro.variadic
    fixed = parameters[:-1] if rest else parameters
    if len(arguments) < len(fixed) or (not rest and len(arguments) > max(len(fixed), 1)):
        return None
    values = {name.encode(): argument for name, argument in zip(fixed, arguments, strict=False)}
    if rest:
        values[rest.encode()] = b", ".join(arguments[len(fixed) :])
    return values

# SPDX-License-Identifier: GPL-2.0-only
"""C source as tokens: one compiled expression, any bytes, never an error.

What is no valid C (a lone quote, a stray byte, a comment that never ends) becomes a token too, so
that damaged files can be looked at and reported instead of refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Token:
    """One token: ``data[start:end]``, on *line* (from 1).

    *kind* is ident, number, string, char, punct, directive or comment. A preprocessor directive
    with its continuation lines is one token; comments inside it count as white space, and its
    *text* has every run of white space made one blank. A comment that ends its line is a token of
    its own, as are all comments elsewhere. For other kinds *text* is what the file says.
    """

    kind: str
    text: bytes
    start: int
    end: int
    line: int


_TOKEN = re.compile(
    rb"""
      (?P<directive> (?:(?<=\n)|\A) [ \t\f\v]*+ (?P<hash> \#
          (?: [^\n\\/"']                            # anything harmless
            | \\ (?: \r?\n | [^\n] | \Z )           # a line goes on
            | " (?: [^"\\\n] | \\. )*+ "            # /* in a string is no comment
            | ["']
            | / (?! [*/] )
            | /\* (?: [^*] | \*(?!/) )*+ \*/ (?= [ \t]*+ [^\s] )   # more follows on the line
          )*+ ) )
    | (?P<ident>   (?!(?:u8|[LuU])["']) [A-Za-z_$\x80-\xff] [A-Za-z0-9_$\x80-\xff]*+ )
    | (?P<comment> /\* (?: [^*] | \*(?!/) )*+ (?: \*/ | \*?\Z ) | // (?: [^\\\n] | \\. )*+ )
    | (?P<string>  (?:u8|[LuU])? " (?: [^"\\\n] | \\. )*+ "? )
    | (?P<char>    [LuU]? ' (?: [^'\\\n] | \\. )*+ '? )
    | (?P<number>  \.? [0-9] (?: [eEpP][+-] | [A-Za-z0-9_.] )*+ )
    | (?P<punct>   \.\.\. | <<= | >>= | -> | \+\+ | -- | && | \|\| | << | >> | \#\#
                   | [-+*/%&|^<>=!]=
                   | [^\s\\] )
    """,
    re.VERBOSE | re.DOTALL,
)

_INNER_COMMENT = re.compile(rb"""("(?:[^"\\\n]|\\.)*+")|/\*(?:[^*]|\*(?!/))*+\*/""", re.DOTALL)
_CONTINUATION = re.compile(rb"\\\r?\n")


def _directive_text(raw: bytes) -> bytes:
    """Return a directive without comments, continuation lines and superfluous white space."""
    if b"/*" in raw:
        raw = _INNER_COMMENT.sub(lambda found: found[1] or b" ", raw)
    if b"\\" in raw:
        raw = _CONTINUATION.sub(b" ", raw)
    text = b" ".join(raw.split())
    return b"#" + text[2:] if text.startswith(b"# ") else text


def tokenize(data: bytes) -> list[Token]:
    """Split C source into tokens, in order. Never raises, whatever the bytes are."""
    tokens: list[Token] = []
    append = tokens.append
    line, counted = 1, 0
    count = data.count
    for found in _TOKEN.finditer(data):
        kind = found.lastgroup or "punct"
        if kind == "directive" or kind == "hash":
            kind = "directive"
            start, end = found.span("hash")
            end = start + len(data[start:end].rstrip())
            text = _directive_text(data[start:end])
        else:
            start, end = found.span()
            text = found[0]
        line += count(b"\n", counted, start)
        counted = start
        append(Token(kind, text, start, end, line))
    return tokens

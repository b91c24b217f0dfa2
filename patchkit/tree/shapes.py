# SPDX-License-Identifier: GPL-2.0-only
"""What the head of a function and the body of a struct say: parameters, types, members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from patchkit.tree.csource import CSource, Extent
from patchkit.tree.tokens import Token
from patchkit.tree.vocabulary import (
    ANNOTATIONS,
    ANNOTATIONS_WITH_ARGUMENTS,
    KEYWORDS,
    SYSTEM_CALL,
    TYPE_WORDS,
)

_STORAGE = (b"static", b"inline", b"extern", b"__inline")
_GROUPS = {b"struct_group": 1, b"struct_group_attr": 2, b"struct_group_tagged": 2,
           b"__struct_group": 3}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """A parameter or member: its name, its type as normalised text, and its line (from 1)."""

    name: str
    type: str
    line: int


def join(tokens: Sequence[Token]) -> str:
    """Return tokens as normalised text: ``struct page **``, ``unsigned long``, ``f(a, b)``."""
    text = ""
    previous = b""
    for number, token in enumerate(tokens):
        piece = token.text
        following = tokens[number + 1].text if number + 1 < len(tokens) else b""
        word = token.kind in ("ident", "number", "string", "char")
        tight = piece in (b",", b")", b"]", b"[", b";") or previous in (b"(", b"[", b"!", b"~")
        if (
            piece == b"("
            and following != b"*"
            and (previous[-1:].isalnum() or previous[-1:] in (b"_", b")"))
        ):
            tight = True
        if piece == b"*" and previous == b"*":
            tight = True
        if word and previous == b"*":
            tight = True
        text += ("" if tight or not text else " ") + piece.decode("utf-8", "backslashreplace")
        previous = piece
    return text


def _code(source: CSource, start: int, end: int) -> list[Token]:
    """Return the tokens of a range without comments, directives and annotations."""
    kept: list[Token] = []
    tokens = source.tokens_in(start, end)
    position = 0
    while position < len(tokens):
        token = tokens[position]
        position += 1
        if token.kind in ("comment", "directive") or token.text in ANNOTATIONS:
            continue
        if token.text in ANNOTATIONS_WITH_ARGUMENTS:
            while position < len(tokens) and tokens[position].kind == "comment":
                position += 1
            if position < len(tokens) and tokens[position].text == b"(":
                position = _past(tokens, position)
            continue
        kept.append(token)
    return kept


def _past(tokens: Sequence[Token], opening: int) -> int:
    """Return the position after the bracket that closes the one at *opening*."""
    depth = 0
    for position in range(opening, len(tokens)):
        text = tokens[position].text if tokens[position].kind == "punct" else b""
        depth += (text in (b"(", b"[", b"{")) - (text in (b")", b"]", b"}"))
        if depth == 0:
            return position + 1
    return len(tokens)


def split(tokens: Sequence[Token]) -> list[list[Token]]:
    """Split an argument list at its outermost commas; nothing gives an empty list."""
    result: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        text = token.text if token.kind == "punct" else b""
        depth += (text in (b"(", b"[", b"{")) - (text in (b")", b"]", b"}"))
        if text == b"," and depth == 0:
            result.append([])
        else:
            result[-1].append(token)
    return [] if result == [[]] else result


def _declared(tokens: Sequence[Token]) -> int:
    """Return the position of the name in ``unsigned long *name[3]``, -1 if there is none."""
    for position, token in enumerate(tokens):
        if (
            token.text == b"("
            and position + 1 < len(tokens)
            and tokens[position + 1].text in (b"*", b"^")
        ):
            for inner in range(position + 1, len(tokens)):
                if tokens[inner].kind == "ident":
                    return inner
    end = len(tokens)
    for position, token in enumerate(tokens):
        if token.text in (b"[", b":", b"="):
            end = position
            break
    for position in range(end - 1, -1, -1):
        token = tokens[position]
        if token.kind == "ident":
            named = position > 0 and token.text not in KEYWORDS and token.text not in TYPE_WORDS
            if named and tokens[position - 1].text in (b"struct", b"union", b"enum"):
                named = False
            return position if named else -1
    return -1


def _named(tokens: Sequence[Token]) -> Named | None:
    if not tokens:
        return None
    position = _declared(tokens)
    if position < 0:
        return Named("", join(tokens), tokens[0].line)
    kind = [token for number, token in enumerate(tokens) if number != position]
    for number, token in enumerate(kind):
        if token.text == b":":  # a bit field
            kind = kind[:number]
            break
    name = tokens[position]
    return Named(name.text.decode("utf-8", "backslashreplace"), join(kind), name.line)


def _head(source: CSource, extent: Extent) -> list[Token]:
    """Return the tokens before the body (or the end) of a function or prototype."""
    return _code(source, extent.start, extent.body[0] if extent.body else extent.end)


def parameters(source: CSource, extent: Extent) -> tuple[Named, ...]:
    """Return the parameters of a function, prototype or system call, in order.

    ``(void)`` gives none; ``...`` is a parameter with that name.
    """
    tokens = _head(source, extent)
    name = extent.name.encode("utf-8")
    opening = -1
    for position in range(len(tokens) - 1):
        if tokens[position + 1].text != b"(":
            continue
        if tokens[position].text == name or (
            extent.kind == "syscall" and SYSTEM_CALL.match(tokens[position].text)
        ):
            opening = position + 1  # the last one: earlier heads stand in other #if branches
    if opening < 0:
        return ()
    arguments = split(tokens[opening + 1 : _past(tokens, opening) - 1])
    if extent.kind == "syscall":
        pairs = zip(arguments[1::2], arguments[2::2], strict=False)
        return tuple(Named(join(name), join(kind), name[0].line) for kind, name in pairs if name)
    if len(arguments) == 1 and join(arguments[0]) == "void":
        return ()
    found = []
    for argument in arguments:
        if join(argument) == "...":
            found.append(Named("...", "", argument[0].line))
        elif (named := _named(argument)) is not None:
            found.append(named)
    return tuple(found)


def return_type(source: CSource, extent: Extent) -> str:
    """Return a function's type without storage class and annotations; ``long`` for a syscall."""
    if extent.kind == "syscall":
        return "long"
    name = extent.name.encode("utf-8")
    before: list[Token] = []
    for token in _head(source, extent):
        if token.text == name:
            break
        if token.text not in _STORAGE:
            before.append(token)
    return join(before)


def members(source: CSource, extent: Extent) -> tuple[Named, ...]:
    """Return the members of a struct or union, in order.

    Members of unnamed structs and unions inside, and of ``struct_group()``, count as its own;
    those of a named one do not, only the name does.
    """
    if extent.body is None:
        return ()
    tokens = _code(source, extent.body[0] + 1, extent.body[1] - 1)
    # One list of members for each aggregate that is open; a named one is dropped when it closes.
    levels: list[list[Named]] = [[]]
    closers: list[bytes] = []
    pending: list[Token] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        text = token.text if token.kind == "punct" else b""
        if text == b"{":
            levels.append([])
            closers.append(b"}")
            pending = []
        elif token.text in _GROUPS and not pending:
            position = _group_start(tokens, position)
            levels.append([])
            closers.append(b")")
            continue
        elif text in (b"(", b"["):
            past = _past(tokens, position)
            pending.extend(tokens[position:past])
            position = past
            continue
        elif closers and text == closers[-1]:
            closers.pop()
            inner = levels.pop()
            named = (
                text == b"}" and position + 1 < len(tokens) and (tokens[position + 1].text != b";")
            )
            if not named:
                levels[-1].extend(inner)
            pending = [token] if named else []
        elif text == b";":
            levels[-1].extend(_declarators(pending))
            pending = []
        elif not (text == b"}" and not closers):
            pending.append(token)
        position += 1
    return tuple(member for level in levels for member in level)


def _group_start(tokens: Sequence[Token], position: int) -> int:
    """Return the position of the first member inside ``struct_group(name, …``."""
    commas = _GROUPS[tokens[position].text]
    position += 1
    depth = 0
    while position < len(tokens) and commas:
        text = tokens[position].text
        depth += (text in (b"(", b"[")) - (text in (b")", b"]"))
        if text == b"," and depth == 1:
            commas -= 1
        position += 1
    return position


def _declarators(tokens: Sequence[Token]) -> list[Named]:
    """Return the members that one declaration (without its ``;``) declares."""
    if not tokens:
        return []
    if len(tokens) > 3 and tokens[1].text == b"(" and tokens[0].text.startswith(b"DECLARE_"):
        arguments = split(tokens[2 : _past(tokens, 1) - 1])
        flexible = tokens[0].text.startswith(b"DECLARE_FLEX")
        if len(arguments) == 2:
            name, other = reversed(arguments) if flexible else arguments
            kind = f"{join(other)} []" if flexible else f"unsigned long [{join(other)}]"
            return [Named(join(name), kind, tokens[0].line)]
        return []
    if tokens[0].text == b"}":
        tokens = tokens[1:]
        return [Named(join([token]), "struct", token.line) for token in tokens[-1:]
                if token.kind == "ident"]  # fmt: skip
    declarators = split(tokens)
    first = _named(declarators[0])
    if first is None or not first.name:
        return []
    found = [first]
    base = first.type.rstrip("* ").split("[", 1)[0].rstrip()
    for declarator in declarators[1:]:
        words = [token for token in declarator if token.kind == "ident"]
        stars = sum(token.text == b"*" for token in declarator)
        if words:
            kind = f"{base} {'*' * stars}".rstrip()
            found.append(Named(join(words[:1]), kind, words[0].line))
    return found
